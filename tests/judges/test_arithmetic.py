"""The verifier of the world of arithmetic as a judge."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.judges.arithmetic import JUDGE, ArithmeticJudgeOptions

from .contests import contest, verdicts

PROMPT = (Message("user", "modulo 10 : 7 plus 5 times 3"),)
RIGHT = "7 plus 5 is 2 . 2 times 3 is 6 . answer 6 ."
LUCKY = "7 plus 5 is 2 . 2 times 3 is 5 . answer 6 ."
WRONG = "7 plus 5 is 3 . 3 times 3 is 9 . answer 9 ."


def wins(first: str, second: str, by: str = "answer") -> float | None:
    (verdict,) = verdicts(JUDGE, ArithmeticJudgeOptions(by=by), [contest(first, second, prompt=PROMPT)])  # type: ignore[arg-type]
    return verdict.first_wins


def test_right_beats_wrong_and_equals_tie():
    assert wins(RIGHT, WRONG) == 1.0 and wins(WRONG, RIGHT) == 0.0
    assert wins(RIGHT, LUCKY) == 0.5 and wins(WRONG, "i do not know") == 0.5


def test_a_judge_of_chains_sees_the_wrong_step_of_a_right_answer():
    assert wins(RIGHT, LUCKY, by="chain") == 1.0 and wins(LUCKY, WRONG, by="chain") == 0.5


def test_a_response_that_was_cut_is_wrong_and_the_raw_says_what_was_right():
    cut = replace(contest(RIGHT, LUCKY, prompt=PROMPT), first_ended=False)
    (verdict,) = verdicts(JUDGE, ArithmeticJudgeOptions(), [cut])
    assert verdict.first_wins == 0.0 and verdict.scores == (0.0, 1.0)
    raw = json.loads(verdict.raw)
    assert raw["second"] == {"right_steps": 1, "steps": 3, "answer": 6, "answer_is_right": True}
    assert raw["first"]["answer"] is None


@pytest.mark.parametrize("prompt", [(Message("user", "Who was that?"),), (Message("user", "a"), Message("user", "b"))])
def test_other_worlds_are_refused(prompt: tuple[Message, ...]):
    with pytest.raises(BenchError, match="example e7 is not of the world of arithmetic .* choose another judge"):
        verdicts(JUDGE, ArithmeticJudgeOptions(), [contest("a", "b", prompt=prompt, example="e7")])
