"""Half steps: of two steps the second is taken from where the first began, with the gradient of where it ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from benchbench.core.errors import Interrupted
from benchbench.training.half_steps import HalfSteps
from benchbench.training.loop import train
from benchbench.training.optimizer import make_optimizer

from .toys import furthest, settings, toy, weights

STEADY = {"lr_scheduler_type": "constant", "warmup_steps": 0, "weight_decay": 0.0}


class Point(nn.Module):
    """One matrix, whose loss pulls it to another point than where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.tensor([[3.0, -2.0]], dtype=torch.float64))


def stepped(model: Point, optimizer: torch.optim.Optimizer, steps: int) -> list[torch.Tensor]:
    """Where the point is after each half step; the gradient at (x, y) is (y, -x), a game that turns in circles."""
    half_steps, places = HalfSteps(), []
    for step in range(steps):
        x, y = model.place.detach()[0]
        model.place.grad = torch.stack([y, -x])[None]
        half_steps.before_update(step, model, optimizer)
        optimizer.step()
        half_steps.end_step(step + 1, model)
        places.append(model.place.detach().clone()[0])
    return places


def test_by_hand_the_gradient_is_that_of_the_half_way_point():
    """From (3, -2) at rate 0.1: half-way (3.2, -1.7), where the gradient is (-1.7, -3.2)."""
    model = Point()
    places = stepped(model, torch.optim.SGD(model.parameters(), lr=0.1), 2)
    assert places[0].tolist() == pytest.approx([3.2, -1.7])
    assert places[1].tolist() == pytest.approx([3.17, -1.68])


def test_the_game_that_plain_steps_leave_is_approached():
    """A pair contracts a rotation by sqrt((1 - rate^2)^2 + rate^2); a plain step grows it by sqrt(1 + rate^2)."""
    model = Point()
    (start,) = model.place.detach().clone()
    places = stepped(model, torch.optim.SGD(model.parameters(), lr=0.5), 40)
    share = ((1 - 0.25) ** 2 + 0.25) ** 0.5
    assert places[-1].norm().item() == pytest.approx(start.norm().item() * share**20, rel=1e-9)


def test_the_optimizer_forgets_the_first_half_step():
    """A pair of Adam's leaves one update: as if the second gradient had been the only one."""
    model, alone = Point(), Point()
    options = settings(**STEADY)
    places = stepped(model, make_optimizer(model, options), 2)
    x, y = places[0]
    alone.place.grad = torch.stack([y, -x])[None]
    optimizer = make_optimizer(alone, options)
    optimizer.step()
    assert torch.equal(model.place, alone.place)


def test_a_run_of_half_steps_moves_once_for_two(tmp_path):
    """Of two steps on the same rows at a rate of almost nothing, the gradient half-way is that of the beginning."""
    one = toy(tmp_path / "one", "online_ipo1", max_steps=1, data_order="sequential", **STEADY)
    rows = one.job.rows
    pair = toy(tmp_path / "pair", "egpo", max_steps=2, learning_rate=1e-9, data_order="sequential", **STEADY)
    plain = toy(tmp_path / "plain", "online_ipo1", max_steps=1, learning_rate=1e-9, data_order="sequential", **STEADY)

    class Same:
        """The rows of the first step again."""

        lengths, steps = rows.lengths, rows.steps

        def of_step(self, step, batches):
            return rows.of_step(0, batches)

    start = weights(pair.model)
    train(replace(pair.job, rows=Same()))
    train(replace(plain.job, rows=Same()))
    moved, by_one = weights(pair.model), weights(plain.model)
    assert furthest(start, moved) > 0
    assert furthest(moved, by_one) < 1e-6 * furthest(start, moved) + 1e-13


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_run_that_is_stopped_between_two_half_steps_ends_where_a_straight_one_does(tmp_path, stop):
    straight = toy(tmp_path / "straight", "egpo", max_steps=6)
    train(straight.job)
    looks = iter([False] * (stop - 1) + [True])
    first = toy(tmp_path / "stopped", "egpo", max_steps=6, should_stop=lambda: next(looks, False))
    with pytest.raises(Interrupted):
        train(first.job)
    second = toy(tmp_path / "stopped", "egpo", max_steps=6)
    train(second.job)
    assert furthest(weights(straight.model), weights(second.model)) == 0
    assert straight.log == second.log


def test_a_step_whose_weights_are_back_is_not_tried_again():
    """Its gradient is that of the half-way point, which is gone."""
    model = Point()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    half_steps = HalfSteps()
    model.place.grad = torch.ones_like(model.place)
    half_steps.before_update(0, model, optimizer)
    assert not half_steps.has_moved(0, optimizer)
    half_steps.end_step(1, model)
    half_steps.before_update(1, model, optimizer)
    assert half_steps.has_moved(1, optimizer)
    half_steps.end_step(2, model)
    assert not half_steps.has_moved(2, optimizer) and half_steps.state() == {}
