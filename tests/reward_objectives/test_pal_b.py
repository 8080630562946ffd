"""PAL, model B: angles to prompt-conditioned points."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.pal_b import Hyper, head, loss, score

from .toys import column

HYPER = Hyper(users=2, prototypes=2, dimensions=2)


def angles(*rows, user=0, log_scale=0.0):
    """Prompt points (1, 0) and (0, 2); user 0 is all of the first, user 1 all of the second."""
    tables = {"user_weights": column([40.0, 0.0], [0.0, 40.0]), "log_scale": column(log_scale)}
    return RewardScores(
        torch.tensor([rows], dtype=torch.float64),
        column([1.0, 0.0, 0.0, 2.0]),
        None,
        tables,
        {"user": column(float(user))},
    )


def test_by_hand():
    """pal_b at scale 1: (1, 1) has cosine sqrt(1/2) to either point; (0, 3) has 0 to user 0's and 1 to user 1's."""
    half = math.sqrt(0.5)
    assert score(angles([1.0, 1.0], [0.0, 3.0]), HYPER).flatten().tolist() == pytest.approx([half, 0.0], abs=1e-9)
    assert loss(angles([1.0, 1.0], [0.0, 3.0]), HYPER).item() == pytest.approx(math.log1p(math.exp(-half)), rel=1e-9)
    found = loss(angles([1.0, 1.0], [0.0, 3.0], user=1), HYPER).item()
    assert found == pytest.approx(math.log1p(math.exp(1 - half)), rel=1e-9)


def test_the_scale_is_capped_at_a_hundred_and_begins_at_that_of_the_code():
    largest = score(angles([1.0, 0.0], [0.0, 1.0], log_scale=9.0), HYPER)
    assert largest.flatten().tolist() == pytest.approx([100.0, 0.0], abs=1e-9)
    assert head(HYPER).tables["log_scale"].mean == pytest.approx(math.log(1 / 0.07))


def test_no_prototype_is_refused():
    with pytest.raises(ValueError, match="prototypes: expected 1 or more"):
        Hyper(prototypes=0)
