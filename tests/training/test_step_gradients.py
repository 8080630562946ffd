"""A gradient that is taken where a step of ascent on other rows ends, of weights that stay where they were."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from benchbench import reward_objectives
from benchbench.batches.order import plan_batches
from benchbench.core.errors import Interrupted
from benchbench.core.method import Term
from benchbench.models.reward_head import RewardModel
from benchbench.training.job import Ascent
from benchbench.training.loop import train
from benchbench.training.objective import RewardAscentObjective, RewardModelObjective
from benchbench.training.rows import FixedRows
from benchbench.training.step_gradients import gradients_of_step
from tests.reward_objectives.models import reward_model

from .toys import OwnLoss, after, batches, examples, furthest, toy, weights


def of_draws(job, objective, rate, count=10, candidates=3):
    """An ascent on further examples of more responses."""
    given = examples(count, candidates=candidates, seed=1)
    rows = FixedRows(given, [job.cost.of(example) for example in given])
    places = plan_batches(rows.lengths(), batch=8, steps=12, seed=7, order="shuffled", length_window=1)
    return Ascent(objective, rows, places, rate)


def trained(folder, name, *, eta=0.0, **more):
    """A run of a reward model on pairs, which climbs on further rows where its objective does."""
    objective = reward_objectives.get(name)
    model = reward_model(objective, objective.hyper())
    made = toy(folder, policy=model, objective=lambda m: RewardModelObjective(m, 0.0), max_steps=4, **more)
    job = replace(made.job, make_batch=batches(whole=True))
    if objective.ascent is not None:
        job = replace(job, ascent=of_draws(job, RewardAscentObjective(model), eta))
    return replace(made, job=job)


class Linear(nn.Module):
    """A reward of two features."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))


def test_a_linear_reward_by_hand(tmp_path):
    """Weights (1, 2), draws with features (1, 0) and (0, 0): J = 2/4 s(1), whose slope is s(1) s(-1) / 2 in the first.

    At rate 4 the weights go to (1 + 2 s(1) s(-1), 2). The pair's features differ by (1, -1), so the gradient there is
    -s(w_2 - w_1) times that, and the weights are (1, 2) as before.
    """
    linear = Linear()

    def pairs(batch):
        gap = (linear.weight * torch.tensor([1.0, -1.0])).sum().expand(len(batch.ids))
        return {"pair": Term(-nn.functional.logsigmoid(gap))}, {}

    def draws(batch):
        reward = torch.stack([linear.weight[0], 0.0 * linear.weight[1]]).expand(len(batch.ids), 2)
        difference = (reward[:, 0] - reward[:, 1]).abs().sigmoid() * 2 / 4
        return {"ascent": Term(difference)}, {}

    job = toy(tmp_path, max_grad_norm=100.0).job
    job = replace(job, model=linear, objective=OwnLoss(pairs))
    job = replace(job, ascent=of_draws(job, OwnLoss(draws), 4.0, candidates=2))
    values, tokens = gradients_of_step(job, job.rows.of_step(0, [[0, 1, 2, 3]]), 0)
    slope = 1 / (1 + math.exp(-1.0)) / (1 + math.exp(1.0))
    share = 1 / (1 + math.exp(-(2.0 - (1.0 + 2 * slope))))
    assert linear.weight.grad is not None
    assert linear.weight.grad.tolist() == pytest.approx([-share, share], rel=1e-12)
    assert linear.weight.tolist() == [1.0, 2.0]
    assert values["ascent"].item() == pytest.approx(0.5 / (1 + math.exp(-1.0)), rel=1e-12)
    alone, fewer = gradients_of_step(replace(job, ascent=None), job.rows.of_step(0, [[0, 1, 2, 3]]), 0)
    assert tokens > fewer and "ascent" not in alone


def test_a_rate_of_zero_is_bradley_terry_to_the_bit_and_another_is_not(tmp_path):
    plain, still, moved = (
        trained(tmp_path / str(number), name, eta=eta)
        for number, (name, eta) in enumerate([("bradley_terry", 0.0), ("bt_meta", 0.0), ("bt_meta", 1.0)])
    )
    for each in (plain, still, moved):
        train(each.job)
    assert furthest(weights(plain.model), weights(still.model)) == 0
    assert furthest(weights(plain.model), weights(moved.model)) > 1e-4


def test_the_microbatch_changes_nothing(tmp_path):
    whole, cut = (trained(tmp_path / str(most), "bt_meta", eta=1.0, tokens=most) for most in (10**6, 40))
    for each in (whole, cut):
        train(each.job)
    assert furthest(weights(whole.model), weights(cut.model)) < 1e-6


def test_a_run_that_is_stopped_ends_where_a_straight_one_does(tmp_path):
    straight = trained(tmp_path / "straight", "bt_meta", eta=1.0)
    train(straight.job)
    with pytest.raises(Interrupted):
        train(trained(tmp_path / "stopped", "bt_meta", eta=1.0, should_stop=after(2)).job)
    second = trained(tmp_path / "stopped", "bt_meta", eta=1.0)
    train(second.job)
    assert furthest(weights(straight.model), weights(second.model)) == 0 and straight.log == second.log


def test_an_error_on_the_way_leaves_the_weights_where_they_were(tmp_path):
    """Memory that runs out at the moved weights: the step is tried again from where it began."""
    made = trained(tmp_path, "bt_meta", eta=1.0)
    before = weights(made.model)

    def fails(batch):
        raise RuntimeError("not enough")

    with pytest.raises(RuntimeError, match="not enough"):
        job = replace(made.job, objective=OwnLoss(fails))
        gradients_of_step(job, job.rows.of_step(0, [[0, 1]]), 0)
    assert isinstance(made.model, RewardModel) and furthest(before, weights(made.model)) == 0
