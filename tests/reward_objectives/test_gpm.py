"""GPM: a skew-symmetric preference score."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.gpm import Hyper, head, loss, preference, score

from .toys import named, random_scores, rewards


def embedded(*vectors, prompt=None):
    """One example with an embedding per response."""
    gate = None if prompt is None else torch.tensor([prompt], dtype=torch.float64)
    return RewardScores(torch.tensor([vectors], dtype=torch.float64), gate)


def test_the_golden_value():
    """Gpm of dimension 4: score -1.69, loss at tau 0.1; computed independently."""
    scores = embedded([0.5, 1.2, -0.3, 0.4], [0.9, -0.7, 0.2, 0.6])
    hyper = Hyper(dimensions=4)
    assert preference(scores, hyper)[0, 0, 1].item() == pytest.approx(-1.69, rel=1e-12)
    assert loss(scores, hyper).item() == pytest.approx(16.9000000458, rel=1e-11)


def test_an_embedding_of_a_reward_and_one_is_bradley_terry():
    scores = embedded([0.7, 1.0], [-0.2, 1.0])
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    torch.testing.assert_close(loss(scores, Hyper(dimensions=2, tau=1.0)), plain)


def test_the_score_is_skew_symmetric_to_the_bit_and_the_margin_of_a_pair_is_it_over_tau():
    objective, hyper = named("gpm")
    scores = random_scores(objective, hyper)
    table = preference(scores, hyper)
    assert torch.equal(table, -table.transpose(1, 2))
    margin = score(scores, hyper)[:, 0] - score(scores, hyper)[:, 1]
    torch.testing.assert_close(margin, table[:, 0, 1] / hyper.tau)


def test_a_circle_of_three_is_represented():
    """Three directions a third of a turn apart: each beats the next, and their rewards are equal."""
    vectors = [[math.cos(2 * math.pi * i / 3), math.sin(2 * math.pi * i / 3)] for i in range(3)]
    table = preference(embedded(*vectors), Hyper(dimensions=2))[0]
    assert min(table[0, 1], table[1, 2], table[2, 0]) > 0.8
    assert score(embedded(*vectors), Hyper(dimensions=2)).abs().max() < 1e-12


CIRCLE = torch.tensor([[0, 1], [1, 2], [2, 0]])


def learnt(objective_loss, outputs: int) -> torch.Tensor:
    """[3, outputs] what three responses get that each beat the next, after 200 steps on the circle's three pairs."""
    generator = torch.Generator().manual_seed(0)
    values = (0.1 * torch.randn(3, outputs, generator=generator, dtype=torch.float64)).requires_grad_()
    optimizer = torch.optim.Adam([values], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        objective_loss(RewardScores(values[CIRCLE])).mean().backward()
        optimizer.step()
    return values.detach()


def test_a_circle_of_three_is_learnt_which_bradley_terry_cannot():
    """The margins of rewards along a circle sum to 0, so by convexity their mean loss is log 2 or more."""
    hyper = Hyper(dimensions=2, tau=1.0)
    embeddings = learnt(lambda scores: loss(scores, hyper), 2)
    assert preference(RewardScores(embeddings[CIRCLE]), hyper)[:, 0, 1].min() > 2.0
    plain = bradley_terry.Hyper()
    rewarded = learnt(lambda scores: bradley_terry.loss(scores, plain)["bradley_terry"].values, 1)
    found = bradley_terry.loss(RewardScores(rewarded[CIRCLE]), plain)["bradley_terry"].values
    assert found.mean().item() == pytest.approx(math.log(2), abs=1e-3) and found.mean() >= math.log(2)


def test_a_gate_of_equal_logits_is_no_gate():
    vectors = ([0.5, 1.2, -0.3, 0.4], [0.9, -0.7, 0.2, 0.6])
    gated = preference(embedded(*vectors, prompt=[3.0, 3.0]), Hyper(dimensions=4, gate=True))
    torch.testing.assert_close(gated, preference(embedded(*vectors), Hyper(dimensions=4)))
    assert head(Hyper(dimensions=4, gate=True)).prompt.outputs == 2 and head(Hyper()).prompt is None


@pytest.mark.parametrize("wrong", [{"dimensions": 3}, {"dimensions": 0}, {"tau": 0.0}])
def test_an_odd_dimension_and_no_temperature_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
