"""prompted: the same policy behind an instruction to do well and behind one to do worse."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchbench.core.sampler import Arm
from benchbench.stages.rollout import drawing

from .toys import arms

QUALITY = {"excellent": 3.0, "very bad": 0.0, "bad": 1.0, "fair": 2.0}
"""What a mock generator writes under each instruction."""


def test_half_of_the_responses_are_asked_to_be_better_and_half_to_be_worse():
    assert arms("prompted", 3, better=["good"], worse=["bad"]) == (
        Arm("better", 2, {"policy": 1.0}, instructions=("good",)),
        Arm("worse", 1, {"policy": 1.0}, instructions=("bad",)),
    )


def test_the_gap_of_a_mock_generator_shrinks_from_round_to_round_and_the_last_instruction_stays():
    better, worse = arms("prompted", 2, better=["excellent"], worse=["very bad", "bad", "fair"])
    gaps = [QUALITY[better.instruction(n)] - QUALITY[worse.instruction(n)] for n in (1, 2, 3, 4)]
    assert gaps == [3.0, 2.0, 1.0, 1.0]


def test_arms_draw_behind_their_own_instruction():
    settings = SimpleNamespace(seed=1, round=1)
    context = SimpleNamespace(settings=settings, spec=SimpleNamespace(inputs={}))
    instructed = {"better": {"x": (7, 1, 2)}, "worse": {"x": (8, 1, 2)}}
    work = drawing._work(context, (*arms("prompted", 2), Arm("plain", 1, {"policy": 1.0})), {"x": (1, 2)}, instructed)
    assert [request.prompt for draw in work for request in draw.requests] == [(7, 1, 2), (8, 1, 2), (1, 2)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"better": []}, "better: expected one text or more, none empty"),
        ({"worse": [" "]}, "worse: expected one text or more, none empty"),
        ({"better": ["bad"]}, "worse: expected other instructions than better"),
    ],
)
def test_instructions_that_ask_for_nothing_or_the_same_are_refused(options: dict[str, list[str]], message: str):
    with pytest.raises(ValueError, match=message):
        arms("prompted", 2, **options)
