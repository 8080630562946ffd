"""MODPO: margin rewards of several objectives become their weighted mean."""

from __future__ import annotations

from ..inputs import pair_scores
from ..translation import Translation


def weighted_mean(row, weights):
    """One example's margin rewards as the one reward that our loss reads."""
    return sum(weight * value for weight, value in zip(weights, row, strict=True)) / sum(weights)


def scores(case):
    """The pair, with the reward of each response."""
    weights = case["hyper"]["w_other"]
    rewards = {
        f"reward_{side}": [weighted_mean(row, weights) for row in case["inputs"][f"margin_rewards_{side}"]]
        for side in ("chosen", "rejected")
    }
    return pair_scores({**case["inputs"], **rewards}, Translation(reward=("reward_chosen", "reward_rejected")))


def hyper(case):
    """The weight of the trained objective; those of the others make up the rest."""
    given = case["hyper"]
    assert abs(given["w_k"] + sum(given["w_other"]) - 1) < 1e-12
    return {"beta": given["beta"], "weight": given["w_k"]}


TRANSLATION = Translation(hyper=hyper, scores=scores)
