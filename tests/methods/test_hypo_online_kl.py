"""HyPO: its KL term has the exact gradient as its mean, and without the term it is DPO."""

from __future__ import annotations

import itertools
import json

import pytest
import torch

from benchbench.core.method import terms_of
from benchbench.core.scores import Logps, Scores
from benchbench.methods import dpo
from benchbench.methods.hypo_online_kl import METHOD, Hyper, loss
from tests.golden.extract import LOSSES

from .toys import gradient, random_scores

(CASE,) = json.loads((LOSSES / "hypo_online_kl.json").read_text("utf-8"))


def arms(logps: torch.Tensor, chosen) -> Logps:
    """[1, M, 1] log-probabilities of drawn arms."""
    token = logps[list(chosen)][None, :, None]
    return Logps(token, torch.ones_like(token, dtype=torch.bool))


@pytest.mark.parametrize("draws", [2, 3])
def test_the_mean_gradient_is_that_of_the_divergence(draws):
    """Over all draws of three arms, each with its probability; however many there are of each prompt."""
    logits = torch.tensor(CASE["inputs"]["policy_logits"], dtype=torch.float64)
    reference = torch.tensor(CASE["inputs"]["reference_logits"], dtype=torch.float64).log_softmax(dim=0)
    probability = logits.softmax(dim=0)
    pair = random_scores(METHOD, examples=1)

    def total(leaf):
        policy, mean = leaf.log_softmax(dim=0), leaf.new_zeros(())
        for chosen in itertools.product(range(3), repeat=draws):
            fresh = Scores(arms(policy, chosen), arms(reference, chosen))
            term = loss(Scores(pair.policy, pair.reference, _fresh=fresh), Hyper(kl_weight=1.0))["kl"]
            mean = mean + probability[list(chosen)].prod() * term.values.sum()
        return mean

    assert gradient(total, logits).tolist() == pytest.approx(CASE["value"], rel=1e-10, abs=1e-11)


def test_without_the_weight_it_is_dpo():
    scores = random_scores(METHOD)
    terms = terms_of(loss(scores, Hyper(beta=0.3, kl_weight=0.0)))
    expected = dpo.loss(Scores(scores.policy, scores.reference), dpo.Hyper(beta=0.3))
    torch.testing.assert_close(terms["dpo"].values, expected)
    assert terms["kl"].values.abs().max() == 0


def test_draws_at_equal_distance_from_the_reference_pull_nowhere():
    scores = random_scores(METHOD)
    fresh = scores.fresh
    level = Scores(fresh.policy, Logps(fresh.policy.token, fresh.policy.response))
    terms = loss(Scores(scores.policy, scores.reference, _fresh=level), Hyper())
    assert terms["kl"].values.abs().max() < 1e-12


def test_a_single_draw_is_refused():
    scores = random_scores(METHOD)
    fresh = scores.fresh

    def first(logps):
        return Logps(logps.token[:, :1], logps.response[:, :1])

    lone = Scores(first(fresh.policy), first(fresh.reference))
    with pytest.raises(ValueError, match="expected two responses or more to each prompt, got K = 1"):
        loss(Scores(scores.policy, scores.reference, _fresh=lone), Hyper())
