"""DPO with rationales."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dpo_rationale import Hyper, loss

from .toys import of_step, random_logps, some, tokens


def test_by_hand():
    """A margin of 1, and a rationale of -5 nats at weight 0.2: 1 as it is, softplus(1) inside a log sigmoid."""
    scores = Scores(tokens([-1.0], [-3.0], [-2.0, -3.0]), tokens([-2.0], [-2.0], [-9.0, -9.0]))
    found = {
        term: of_step(loss(scores, Hyper(beta=0.5, gamma=0.2, rationale_term=term)), scores.policy).item()
        for term in ("nll", "logsigmoid")
    }
    margin = math.log1p(math.exp(-1))
    assert found == pytest.approx({"nll": margin + 1, "logsigmoid": margin + math.log1p(math.exp(1))}, rel=1e-12)


@pytest.mark.parametrize(("term", "constant"), [("nll", 0.0), ("logsigmoid", math.log(2))])
def test_without_weight_it_is_dpo_up_to_a_constant(term, constant):
    policy, reference, dpo = random_logps(1, candidates=3), random_logps(2, candidates=3), methods.get("dpo")
    pairs = Scores(some(policy, [0, 1]), some(reference, [0, 1]))
    found = loss(Scores(policy, reference), Hyper(gamma=0.0, rationale_term=term))
    total = found["preference"].values + found["rationale"].values
    torch.testing.assert_close(total, dpo.loss(pairs, dpo.hyper()) + constant)
