"""nash_mixture."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.sampler import Arm

from .toys import arms

POLICY, REFERENCE = [1.2, -0.3, 0.5, 0.0], [0.2, 0.4, -0.6, 0.1]
"""Logits."""
MIXED = [-0.798476880242, -1.87347688024, -1.52347688024, -1.72347688024]
"""Log-probabilities of the mixture with m 0.25, recomputed from arXiv:2312.00886 and TRL 1.0.0 elsewhere."""


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum())


def test_the_weights_give_the_mixture_of_nash_md():
    """The arm's weighted sum of log-probabilities, normalised, is the published mixture of logits."""
    policy, mixture = arms("nash_mixture", 2, m=0.25)
    assert policy == Arm("policy", 1, {"policy": 1.0})
    models = {"policy": log_softmax(np.array(POLICY)), "reference": log_softmax(np.array(REFERENCE))}
    mixed = sum(weight * models[model] for model, weight in mixture.mixture.items())
    assert log_softmax(np.asarray(mixed)) == pytest.approx(MIXED, rel=1e-10)


def test_m_0_is_the_policy_against_itself_and_m_1_the_reference():
    assert arms("nash_mixture", 2, m=0.0)[1].mixture == {"policy": 1.0}
    assert arms("nash_mixture", 2, m=1.0)[1].mixture == {"reference": 1.0}


def test_a_weight_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="m: expected a weight in"):
        arms("nash_mixture", 2, m=1.5)
