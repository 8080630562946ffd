"""AOT, unpaired form."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.contract.scores import taken
from benchbench.core.scores import Logps, Scores
from benchbench.methods.aot_unpaired import METHOD, Hyper, loss

from .toys import random_logps


def of_ratios(*pairs):
    """Pairs of one token each with these log-ratios of chosen and rejected to the reference."""
    token = torch.tensor(pairs, dtype=torch.float64)[..., None]
    response = torch.ones_like(token, dtype=torch.bool)
    return Scores(Logps(token, response), Logps(torch.zeros_like(token), response))


def test_by_hand():
    """Chosen 3, 1 of ranks 2, 1 meet the rejected -1 and 2 in order: 3 - 2 and 1 + 1."""
    found = loss(of_ratios((3.0, -1.0), (1.0, 2.0)), Hyper(beta=1.0))
    assert found.tolist() == pytest.approx([math.log(1 + math.exp(-1)), math.log(1 + math.exp(-2))], rel=1e-12)


def test_which_responses_belong_together_does_not_matter():
    hyper = Hyper(beta=1.0)
    torch.testing.assert_close(
        loss(of_ratios((3.0, -1.0), (1.0, 2.0)), hyper), loss(of_ratios((3.0, 2.0), (1.0, -1.0)), hyper)
    )


def test_a_step_of_one_pair_is_dpo():
    dpo = methods.get("dpo")
    scores = taken(Scores(random_logps(1), random_logps(2)), slice(0, 1))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.1)), dpo.loss(scores, dpo.hyper(beta=0.1)))
    assert METHOD.coupled and METHOD.least_examples == 2


def test_label_smoothing_mixes_both_orders():
    plain, flipped = (loss(of_ratios((sign, 0.0), (sign, 0.0)), Hyper(beta=1.0)) for sign in (1.0, -1.0))
    found = loss(of_ratios((1.0, 0.0), (1.0, 0.0)), Hyper(beta=1.0, label_smoothing=0.2))
    torch.testing.assert_close(found, 0.8 * plain + 0.2 * flipped)
