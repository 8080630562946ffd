"""What shapings share: how often a response wins over the others of its group, and GRPO's normalisation of a group."""

from __future__ import annotations

import numpy as np


def win_rates(wins: np.ndarray) -> np.ndarray:
    """[K] mean probability of winning over the K - 1 others, SPO's reward (arXiv:2401.04056).

    Of known wins it is what `core.rollout.Labels.score` gives without scores.

    Args:
        wins: [K, K] probability that the row's response is preferred to the column's; the diagonal is not read.

    Raises:
        ValueError: one response, which has no other to win over.
    """
    if len(wins) < 2:
        raise ValueError(f"expected at least 2 responses to a prompt, got {len(wins)}")
    return (wins.sum(axis=1) - np.diagonal(wins)) / (len(wins) - 1)


def group_relative(rewards: np.ndarray, eps: float) -> np.ndarray:
    """[K] rewards less their mean, over their unbiased standard deviation plus eps; 0 for one response alone.

    As `core.policy_gradient.group_relative`, of arrays.

    Args:
        rewards: [K], all known.
        eps: keeps the division finite, > 0.
    """
    spread = rewards.std(ddof=1) if len(rewards) > 1 else 0.0
    return (rewards - rewards.mean()) / (spread + eps)
