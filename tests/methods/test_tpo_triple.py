"""TPO on triples."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.tpo_triple import Hyper, loss

from .toys import of_step, random_logps, tokens


def test_by_hand():
    """Gold -1 and -3 over two tokens, chosen -2, rejected -4 at beta 0.5: softplus(-1) and the mean 2."""
    scores = Scores(tokens([-1.0, -3.0], [-2.0], [-4.0]))
    total = of_step(loss(scores, Hyper(beta=0.5, alpha=0.5)), scores.policy)
    assert total.item() == pytest.approx(0.313261687518 + 0.5 * 2, rel=1e-10)


@pytest.mark.parametrize("loss_type", ["sigmoid", "hinge"])
def test_without_the_gold_response_it_is_cpo_without_its_likelihood(loss_type):
    policy = random_logps(3, candidates=3)
    cpo = methods.get("cpo")
    pairs = Scores(type(policy)(policy.token[:, 1:], policy.response[:, 1:]))
    expected = cpo.loss(pairs, cpo.hyper(beta=0.3, sft_weight=0.0, loss_type=loss_type))["preference"].values
    found = loss(Scores(policy), Hyper(beta=0.3, alpha=0.0, loss_type=loss_type))
    torch.testing.assert_close(found["preference"].values, expected)
    assert found["sft"].values.abs().max() == 0


def test_gold_has_no_part_in_the_preference_and_more_of_it_never_costs():
    token = random_logps(3, candidates=3).token.clone().requires_grad_()
    scores = Scores(type(random_logps(3))(token, random_logps(3, candidates=3).response))
    terms = loss(scores, Hyper())
    assert torch.autograd.grad(terms["preference"].values.sum(), token, retain_graph=True)[0][:, 0].abs().max() == 0
    assert torch.autograd.grad(terms["sft"].values.sum(), token)[0][:, 1:].abs().max() == 0
