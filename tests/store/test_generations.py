"""What was drawn comes back as it was, whatever characters a model writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchbench.core.errors import BenchError
from benchbench.store.generations import COLUMNS, read_engine, read_generations, write_generations

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


def frame(texts: list[str]) -> pd.DataFrame:
    rows = [(f"e{i}", 0, text, [i], "stop", 1, -1.5, None) for i, text in enumerate(texts)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@given(st.lists(TEXTS, min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_survives(tmp_path: Path, texts: list[str]):
    write_generations(tmp_path, frame(texts), {})
    assert list(read_generations(tmp_path)["text"]) == texts


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r", "\n"])
def test_line_separators_inside_a_response_are_no_ends_of_lines(tmp_path: Path, separator: str):
    write_generations(tmp_path, frame([f"one{separator}two", "three"]), {})
    assert list(read_generations(tmp_path)["text"]) == [f"one{separator}two", "three"]


def test_a_damaged_file_says_what_to_do(tmp_path: Path):
    write_generations(tmp_path, frame(["a"]), {})
    (tmp_path / "generations.jsonl").write_text('{"example": ', encoding="utf-8")
    with pytest.raises(BenchError, match="remove its folder and run the command that makes it"):
        read_generations(tmp_path)
    (tmp_path / "engine.json").write_text("", encoding="utf-8")
    with pytest.raises(BenchError, match="engine.json: .*remove its folder and run the command that makes it"):
        read_engine(tmp_path)
