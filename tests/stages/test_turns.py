"""Second turns: what the policy is asked after its own first response."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import torch

from benchbench.core.example import Example, Message
from benchbench.core.records import StageSpec
from benchbench.stages.context import StageContext
from benchbench.stages.generate.turns import with_first_responses
from benchbench.store.generations import COLUMNS, write_generations

ASKED = [Example(name, (Message("user", f"one {name}"), Message("user", f"two {name}")), ("",)) for name in ("a", "b")]


def context(root: Path, inputs: dict[str, str]) -> StageContext:
    spec = StageSpec("generate", "second turn", {}, inputs)
    return StageContext(spec, root / "x", root, torch.device("cpu"), lambda event: None, lambda: False)


def test_the_first_response_stands_before_the_second_turn(tmp_path: Path):
    rows = [(name, 0, text, [1], "stop", 0, None, None) for name, text in (("b", "B!"), ("a", ""))]
    (tmp_path / "generate" / "first").mkdir(parents=True)
    write_generations(tmp_path / "generate" / "first", pd.DataFrame(rows, columns=list(COLUMNS)), {})
    asked = with_first_responses(context(tmp_path, {"first": "generate/first"}), ASKED)
    assert [example.prompt for example in asked] == [
        (Message("user", "one a"), Message("assistant", ""), Message("user", "two a")),
        (Message("user", "one b"), Message("assistant", "B!"), Message("user", "two b")),
    ]
    assert [example.id for example in asked] == ["a", "b"]


def test_a_stage_without_a_first_one_asks_as_it_is(tmp_path: Path):
    assert with_first_responses(context(tmp_path, {}), ASKED) == ASKED
