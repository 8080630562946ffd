"""F-DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.fdpo_factual import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def marked(policy, reference, *violations):
    return Scores(policy, reference, None, {"violation": torch.tensor(violations, dtype=torch.float64)})


def test_by_hand():
    """Only the rejected response is not factual: 0.1 * (20 - 5) = 1.5."""
    scores = marked(one_token(20.0, 0.0), one_token(0.0, 0.0), [0, 1])
    assert loss(scores, Hyper(factual_margin=5.0)).item() == pytest.approx(math.log(1 + math.exp(-1.5)), rel=1e-12)


@pytest.mark.parametrize("both", [0, 1])
def test_a_pair_of_equal_labels_is_dpo(both):
    dpo = methods.get("dpo")
    found = loss(marked(POLICY, REFERENCE, *[[both, both]] * 5), Hyper())
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_without_a_margin_it_is_dpo():
    dpo = methods.get("dpo")
    found = loss(marked(POLICY, REFERENCE, *[[0, 1]] * 5), Hyper(factual_margin=0.0))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_a_violation_of_the_rejected_response_raises_the_loss_and_the_slope():
    def of(violation):
        def summed(token):
            scores = marked(Logps(token, POLICY.response), REFERENCE, *[[0, violation]] * 5)
            return loss(scores, Hyper(factual_margin=5.0)).sum()

        return summed(POLICY.token), gradient(summed, POLICY.token)[:, 0, 0]

    (plain, slope), (harder, steeper) = of(0), of(1)
    assert harder > plain and (steeper < slope).all()


def test_a_mark_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "violation" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
