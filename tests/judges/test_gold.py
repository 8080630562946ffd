"""The judge that knows the toy world."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchbench import sources
from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest
from benchbench.judges.gold import JUDGE, GoldOptions

from .contests import contest, verdicts


def test_verdicts_are_the_order_of_the_gold_column():
    source = sources.get("toy")
    examples = source.load(source.options(demonstrations=1, preference_prompts=40, length_bias=3.0), Path())["train"]
    found = verdicts(JUDGE, GoldOptions(), [Contest(one.id, 0, one.prompt, *one.candidates) for one in examples])
    for example, verdict in zip(examples, found, strict=True):
        first, second = example.columns["gold"]  # type: ignore[misc]
        assert json.loads(verdict.raw) == {"first": first, "second": second}
        assert verdict.first_wins == (0.5 if first == second else float(first > second))
    assert {verdict.first_wins for verdict in found} == {0.0, 0.5, 1.0}


def test_a_response_that_was_cut_is_unreadable_however_it_looks():
    source = sources.get("toy")
    example = source.load(source.options(demonstrations=1, preference_prompts=1), Path())["train"][0]
    one = Contest(example.id, 0, example.prompt, *example.candidates)
    cut = replace(one, first_ended=False)
    whole, unreadable = verdicts(JUDGE, GoldOptions(), [one, cut])
    assert json.loads(unreadable.raw)["first"] == -2.0 < json.loads(whole.raw)["first"]
    assert unreadable.first_wins == 0.0


@pytest.mark.parametrize("prompt", [(Message("user", "Who was that?"),), (Message("user", "a"), Message("user", "b"))])
def test_other_worlds_have_no_gold(prompt: tuple[Message, ...]):
    with pytest.raises(BenchError, match="example e7 is not of the toy world .* choose another judge"):
        verdicts(JUDGE, GoldOptions(), [contest("a", "b", prompt=prompt, example="e7")])
