"""AOT, paired form."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.contract.scores import taken
from benchbench.core.scores import Logps, Scores
from benchbench.methods.aot import METHOD, Hyper, loss

from .toys import random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def of_margins(policy, reference):
    """Pairs of one token each whose rejected response has log-probability 0."""

    def logps(margins):
        token = torch.tensor([[margin, 0.0] for margin in margins], dtype=torch.float64)[..., None]
        return Logps(token, torch.ones_like(token, dtype=torch.bool))

    return Scores(logps(policy), logps(reference))


def test_by_hand():
    """Margins 3, 1 of ranks 2, 1 meet the reference's 2 and 5 in order: 3 - 5 and 1 - 2."""
    found = loss(of_margins([3.0, 1.0], [5.0, 2.0]), Hyper(beta=1.0))
    assert found.tolist() == pytest.approx([math.log(1 + math.exp(2)), math.log(1 + math.exp(1))], rel=1e-12)
    assert loss(of_margins([3.0, 1.0], [2.0, 5.0]), Hyper(beta=1.0)).tolist() == found.tolist()


def test_which_pair_the_references_margin_is_of_does_not_matter():
    order = [3, 0, 4, 1, 2]
    moved = Scores(POLICY, taken(Scores(REFERENCE), order).policy)
    torch.testing.assert_close(loss(moved, Hyper()), loss(Scores(POLICY, REFERENCE), Hyper()))


def test_a_step_of_one_pair_is_dpo():
    """And is refused, since it compares nothing."""
    dpo = methods.get("dpo")
    scores = taken(Scores(POLICY, REFERENCE), slice(0, 1))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.1)), dpo.loss(scores, dpo.hyper(beta=0.1)))
    assert METHOD.coupled and METHOD.least_examples == 2


def test_label_smoothing_mixes_both_orders():
    plain, flipped = (loss(of_margins([sign, sign], [0.0, 0.0]), Hyper(beta=1.0)) for sign in (1.0, -1.0))
    found = loss(of_margins([1.0, 1.0], [0.0, 0.0]), Hyper(beta=1.0, label_smoothing=0.2))
    torch.testing.assert_close(found, 0.8 * plain + 0.2 * flipped)
