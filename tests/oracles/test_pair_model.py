"""pair_model."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.gpm import Hyper, preference, score

from .toys import Model, context, group, labelled


def test_with_rewards_of_single_responses_it_is_the_reward_stage():
    models = {"reward_model": Model({"a": [1.0], "b": [0.0], "c": [-2.0]})}
    (pairs,) = labelled("pair_model", [group("a", "b", "c")], context(models=models))
    (single,) = labelled("reward_stage", [group("a", "b", "c")], context(models=models))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert pairs.win(i, j) == pytest.approx(single.win(i, j))
    assert pairs.answers == 3
    assert pairs.columns == {"preference_score": pytest.approx((4 / 3, 1 / 3, -5 / 3))}


def test_a_preference_that_runs_in_a_circle_is_kept():
    """Embeddings a third of a turn apart, whose skew form is sin of the angle between: a > b > c > a.

    As `gpm` scores a response among two: half of s(i > j) for the first and of s(j > i) for the second.
    """
    angles = {"a": 0.0, "b": 2 * math.pi / 3, "c": 4 * math.pi / 3}

    def skew(groups):
        pairs = [[angles[r.text] for r in of_group.responses] for of_group in groups]
        return [[[math.sin(j - i) / 2], [math.sin(i - j) / 2]] for i, j in pairs]

    (labels,) = labelled("pair_model", [group("a", "b", "c")], context(models={"reward_model": skew}))
    beats = 1 / (1 + math.exp(-math.sin(2 * math.pi / 3)))
    assert [labels.win(0, 1), labels.win(1, 2), labels.win(2, 0)] == pytest.approx([beats] * 3)


def test_the_score_of_gpm_among_two_gives_its_own_preference():
    """Embeddings of 4 numbers, tau 0.1: the win of a pair is sigmoid(s / tau), s from the table of all three."""
    vectors = {"a": [0.5, 0.2, -0.3, 0.4], "b": [0.1, -0.1, 0.2, 0.6], "c": [-0.2, 0.3, 0.1, 0.1]}
    hyper = Hyper(dimensions=4)

    def embedded(texts):
        return RewardScores(torch.tensor([[vectors[text] for text in texts]], dtype=torch.float64))

    def model(groups):
        return [[[x] for x in score(embedded([r.text for r in g.responses]), hyper)[0].tolist()] for g in groups]

    (labels,) = labelled("pair_model", [group("a", "b", "c")], context(models={"reward_model": model}))
    table = torch.sigmoid(preference(embedded("abc"), hyper)[0] / hyper.tau)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert labels.win(i, j) == pytest.approx(table[i, j].item(), rel=1e-12)
