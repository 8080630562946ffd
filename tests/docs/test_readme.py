"""What the README promises a newcomer: its order, its size, and a setting that works as written."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from harness import ROOT, Finished, bench

README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER = (
    "Install, and two commands",
    "What it prints",
    "Your own model and data",
    "Why believe it",
    "The paper, and its status",
    "Commands",
    "Extend, contribute, cite",
)
MOST_LINES = 130


def test_it_says_things_in_order_and_briefly():
    assert tuple(re.findall(r"^## (.+)$", README, flags=re.MULTILINE)) == ORDER
    assert len(README.splitlines()) <= MOST_LINES


def test_its_table_has_three_rows_and_is_read():
    part = README.split("<!-- excerpt tiny: begin -->")[1].split("<!-- excerpt tiny: end -->")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| method", "| :---", "| dpo", "| simpo", "| sft"]
    assert "Over 3 seeds and 1000 held-out pairs: `simpo` is " in part


@pytest.fixture
def setting(finished: Finished, tmp_path: Path) -> Path:
    """The README's setting, with a model and pairs where it looks for them."""
    text = README.split("```yaml\n")[1].split("```")[0]
    assert len(text.splitlines()) == 12
    shutil.copytree(next(iter((finished.runs / "sft").iterdir())) / "model", tmp_path / "my_model")
    pairs = [{"prompt": f"prompt {i}", "chosen": f"yes {i}", "rejected": f"no {i}"} for i in range(40)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    (tmp_path / "my_setting.yaml").write_text(text)
    return tmp_path / "my_setting.yaml"


def test_the_setting_can_be_compared_as_written(setting: Path, tmp_path: Path):
    """But for the length, which is more than the tests' model has places for."""
    line = ("compare", "dpo", "simpo", "--setting", setting, "--dry-run", "--json", "--runs", tmp_path / "runs")
    refused = bench(*line)
    assert refused.code == 2 and refused.err.count("max_length") == 1 and "1 problem" in refused.err
    ended = bench(*line, "--set", "tokenization.max_length=64")
    assert ended.code == 0, ended.err
    assert ended.json["cells"] == 9
