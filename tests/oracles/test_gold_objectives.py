"""gold_objectives."""

from __future__ import annotations

import pytest

from benchbench import oracles

from .cases import PROMPT
from .toys import group, labelled


def test_every_part_is_a_reward_of_its_own_beside_the_whole():
    """The prompt says please, no reason is asked for: 1.5 + 0.5 + 1 of the right one, 1 + 1 - 0.3 of the polite one."""
    texts = ("answer : a b c .", "sure , answer : c a b . hope this helps .", "a b c")
    (labels,) = labelled("gold_objectives", [group(*texts, prompt=PROMPT)], parts=("overlap", "manner", "brevity"))
    assert labels.objectives == ((1.0, 0.0, 1.0), (0.0, 1.0, 0.5), (-2.0, -2.0, -2.0))
    assert labels.scores == pytest.approx((3.0, 1.7, -2.0))


def test_a_part_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="parts: expected some of overlap, exact"):
        oracles.get("gold_objectives").options(parts=("beauty",))
