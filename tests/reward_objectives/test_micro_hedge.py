"""MiCRo, stage 2: Hedge over the heads."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives import micro
from benchbench.reward_objectives.micro_hedge import Hyper, fit, loss, score

from .toys import column

GATE = [math.log(0.7), math.log(0.3)]


def given(*margins, users, losses=None):
    """A pair per row, with these margins of the two heads, the rejected response at 0."""
    chosen = torch.tensor(margins, dtype=torch.float64)
    gate = torch.tensor([GATE] * len(margins), dtype=torch.float64)
    tables = {} if losses is None else {"losses": losses}
    outputs = torch.stack([chosen, torch.zeros_like(chosen)], dim=1)
    return RewardScores(outputs, gate, None, tables, {"user": column(*map(float, users))})


def test_the_golden_value_is_that_of_stage_1():
    """micro, gate (0.7, 0.3), margins 1.1 and -0.4, without the penalty; computed independently."""
    found = loss(given([1.1, -0.4], users=[0]), Hyper(heads=2))["mixture"].values
    assert found.item() == pytest.approx(0.437612684597, rel=1e-11)


def test_weights_are_multiplied_pair_by_pair():
    """Hedge written out: each pair multiplies and renormalises; user 1 has one pair, user 2 none."""
    rows, users = [[1.1, -0.4], [-0.5, 2.0], [0.3, 0.9], [3.0, -3.0]], [0, 1, 0, 0]
    hyper = Hyper(heads=2, users=3, pairs=2, rate=0.5)
    losses = fit(given(*rows, users=users), hyper)["losses"]
    for user, seen in enumerate(([rows[0], rows[2]], [rows[1]], [])):
        weights = [0.7, 0.3]
        for margins in seen:
            weights = [w * (1 + math.exp(-m)) ** -0.5 for w, m in zip(weights, margins, strict=True)]
            weights = [w / sum(weights) for w in weights]
        found = score(given([1.0, 10.0], users=[user], losses=losses), hyper)
        assert found.tolist()[0] == pytest.approx([weights[0] + 10 * weights[1], 0.0], rel=1e-12)


@pytest.mark.parametrize("still", [{"rate": 0.0}, {"pairs": 0}])
def test_without_a_step_it_is_stage_1(still):
    rows, hyper = given([1.1, -0.4], [-0.5, 2.0], users=[0, 0]), Hyper(heads=2, **still)
    asked = given([1.0, 10.0], users=[0], losses=fit(rows, hyper)["losses"])
    torch.testing.assert_close(score(asked, hyper), micro.score(asked, micro.Hyper(heads=2)))


def test_the_mixture_loses_at_most_the_best_heads_loss_and_its_weight():
    """Hedge's bound at eta 1, pair by pair with the weights so far; with equality of mixture and posterior."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(40, 2, generator=generator, dtype=torch.float64).tolist()
    suffered = 0.0
    for seen in range(40):
        hyper = Hyper(heads=2, pairs=seen)
        losses = fit(given(*rows, users=[0] * 40), hyper)["losses"]
        log_weights = (torch.tensor(GATE, dtype=torch.float64) - losses[0]).log_softmax(dim=0)
        log_wins = torch.nn.functional.logsigmoid(torch.tensor(rows[seen], dtype=torch.float64))
        suffered -= (log_weights + log_wins).logsumexp(dim=0).item()
    total = fit(given(*rows, users=[0] * 40), Hyper(heads=2, pairs=40))["losses"][0].tolist()
    assert suffered <= min(total[0] - math.log(0.7), total[1] - math.log(0.3))
    assert suffered == pytest.approx(-math.log(0.7 * math.exp(-total[0]) + 0.3 * math.exp(-total[1])))


def test_few_pairs_route_planted_users_to_their_heads():
    """User 0 goes by head 0, user 1 by head 1; eight pairs each order the rest better than the gate does."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(400, 2, 2, generator=generator, dtype=torch.float64) * 2
    users = torch.arange(400) % 2
    taste = outputs[torch.arange(400), :, users]  # [400, 2]
    order = taste.argsort(dim=1, descending=True)
    outputs = outputs.gather(1, order[..., None].expand(-1, -1, 2))
    hyper = Hyper(heads=2, users=2, pairs=8)
    scores = RewardScores(outputs, torch.zeros(400, 2, dtype=torch.float64), None, {}, {"user": users.double()})
    tables = fit(scores, hyper)
    routed = score(RewardScores(outputs, scores.prompt, None, tables, {"user": users.double()}), hyper)[16:]
    plain = micro.score(scores, micro.Hyper(heads=2))[16:]
    accuracy, before = ((of[:, 0] > of[:, 1]).double().mean().item() for of in (routed, plain))
    assert accuracy > 0.95 > 0.85 > before


@pytest.mark.parametrize("wrong", [{"heads": 0}, {"users": 0}, {"balance": -0.1}, {"pairs": -1}, {"rate": -1.0}])
def test_numbers_out_of_their_ranges_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
