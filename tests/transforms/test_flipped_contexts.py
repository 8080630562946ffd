"""flipped_contexts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench import metrics, transforms
from benchbench.core.example import Message
from benchbench.core.measurement import PairScores

from .toys import ids, pair, texts, transformed

EXAMPLES = [pair("a", "long and kind", "curt", p_chosen=0.8, gold=(2.0, 1.0)), pair("b", "same", "same", p_chosen=0.5)]


def test_by_hand():
    become, counts = transformed("flipped_contexts", EXAMPLES[:1], recorded="Be kind.", reversed="Be curt.")
    assert ids(become) == ["a-0", "a-1"] and counts.added == {"further examples from the same example": 1}
    assert texts(become) == [("long and kind", "curt"), ("curt", "long and kind")]
    assert [example.prompt[0] for example in become] == [Message("system", "Be kind."), Message("system", "Be curt.")]
    assert [example.columns for example in become] == [
        {"p_chosen": 0.8, "gold": (2.0, 1.0), "group": 0.0},
        {"p_chosen": 0.8, "gold": (1.0, 2.0), "group": 1.0},
    ]


def test_a_pair_of_one_text_is_left_out():
    become, counts = transformed("flipped_contexts", EXAMPLES)
    assert ids(become) == ["a-0", "a-1"] and counts.dropped == {"responses identical": 1}


def scored(reward) -> PairScores:
    """Rewards (prompt, response) -> number of 101 pairs under both contexts."""
    examples = [pair(f"x{i}", f"{i} words", "one", p_chosen=1.0) for i in range(101)]
    become, _ = transformed("flipped_contexts", examples, recorded="Prefer many.", reversed="Prefer few.")
    rewards = np.array([[reward(example.prompt, text) for text in example.candidates] for example in become])
    groups = np.array([example.columns["group"] for example in become])
    return PairScores(rewards[:, 0], rewards[:, 1], columns={"group": (groups, groups)})


def test_a_scorer_that_is_blind_to_the_context_is_right_about_exactly_one_half():
    """Whatever it rewards, ties too: at most half of the pairs of one of the contexts."""
    for blind in (
        lambda p, text: float(len(text)),
        lambda p, text: math.sin(len(p) + 7.0 * len(text)),
        lambda p, text: 0.0,
    ):
        scores = scored(blind)
        assert metrics.get("pair_accuracy").value(scores) == 0.5
        assert metrics.get("mean_group_accuracy").value(scores) == 0.5
        assert metrics.get("worst_group_accuracy").value(scores) <= 0.5


def test_a_scorer_that_reads_the_context_can_be_right_about_all():
    scores = scored(lambda prompt, text: len(text) if prompt[0].content == "Prefer many." else -len(text))
    assert metrics.get("pair_accuracy").value(scores) == metrics.get("worst_group_accuracy").value(scores) == 1.0


@pytest.mark.parametrize("wrong", [{"recorded": " "}, {"recorded": "x", "reversed": "x"}])
def test_one_context_is_refused(wrong):
    with pytest.raises(ValueError, match="reversed: expected two different texts"):
        transforms.get("flipped_contexts").options(**wrong)
