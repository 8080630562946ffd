"""A step without memory: done again with half of the budget, or from the checkpoint where weights have changed."""

from __future__ import annotations

import json
from functools import partial

import pytest
import torch

from benchbench.batches.microbatches import Budget
from benchbench.core.errors import BenchError, Interrupted
from benchbench.training import loop
from benchbench.training.loop import train
from benchbench.training.ranks import ALONE, Ranks, ShortTogetherError
from benchbench.training.shortage import HalfUpdatedError, halved_where_short, none_short_alone

from .toys import after, furthest, toy, weights

FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")


class Short(torch.optim.AdamW):
    """AdamW that runs out of memory once: before its first group of parameters, or between the two."""

    def __init__(self, groups, *, at: int, touched: bool, **options) -> None:
        super().__init__(groups, **options)
        self.at, self.touched, self.calls, self.failed = at, touched, 0, False

    def step(self, closure=None):  # type: ignore[override]
        self.calls += 1
        if self.calls == self.at and not self.failed:
            self.failed = True
            if not self.touched:
                first = self.param_groups[0]["params"][0]
                if not self.state[first]:  # killed between the counter and the moments
                    self.state[first] = {"step": torch.tensor(0.0)}
                raise FULL
            first, second = self.param_groups
            self.param_groups = [first]
            super().step()
            self.param_groups = [first, second]
            raise FULL
        return super().step(closure)


def made_short(monkeypatch, **options) -> list[Short]:
    """The optimizers of the runs that follow; only the first of them runs short."""
    made: list[Short] = []

    def make(model, settings, *others):
        groups = ordinary(model, settings, *others).param_groups
        made.append(Short(groups, **(options | ({"at": 0} if made else {})), fused=True))
        return made[-1]

    ordinary = loop.make_optimizer
    monkeypatch.setattr(loop, "make_optimizer", make)
    return made


@pytest.mark.parametrize("at", [1, 5])
def test_memory_that_runs_out_before_the_update_changes_nothing(tmp_path, monkeypatch, at):
    whole = toy(tmp_path / "whole", per_device_train_batch_size=8)
    train(whole.job)
    optimizers = made_short(monkeypatch, at=at, touched=False)
    made = toy(tmp_path / "short", per_device_train_batch_size=8)
    train(made.job)
    assert optimizers[0].failed and len(optimizers) == 1
    assert (made.job.budget.halved_at_step, made.job.budget.examples) == (at, 4)
    assert "CUDA out of memory" in made.job.budget.halved_because
    assert furthest(weights(whole.model), weights(made.model)) < 1e-9


def test_memory_that_runs_out_within_the_update_goes_on_from_the_checkpoint(tmp_path, monkeypatch):
    whole = toy(tmp_path / "whole", per_device_train_batch_size=8)
    train(whole.job)
    optimizers = made_short(monkeypatch, at=6, touched=True)
    messages = []
    made = toy(tmp_path / "short", per_device_train_batch_size=8, save_steps=4, report=messages.append)
    train(made.job)
    assert optimizers[0].failed and len(optimizers) == 2
    assert (made.job.budget.halved_at_step, made.job.budget.examples) == (6, 4)
    assert sum("ran out of memory" in event.get("message", "") for event in messages) == 1
    assert furthest(weights(whole.model), weights(made.model)) < 1e-9
    steps = [json.loads(line)["step"] for line in made.log.splitlines()]
    assert steps == list(range(1, 13))


def test_without_a_checkpoint_a_half_made_update_ends_the_run_and_says_what_to_do(tmp_path, monkeypatch):
    made_short(monkeypatch, at=1, touched=True)
    made = toy(tmp_path, per_device_train_batch_size=8, tokens=100)
    with pytest.raises(BenchError, match=r"step 1 ran out of memory .*tokens_per_microbatch to 50 or less"):
        train(made.job)


def test_a_run_that_was_stopped_goes_on_from_its_checkpoint_as_well(tmp_path, monkeypatch):
    whole = toy(tmp_path / "whole", per_device_train_batch_size=8)
    train(whole.job)
    with pytest.raises(Interrupted):
        train(toy(tmp_path / "short", per_device_train_batch_size=8, should_stop=after(5)).job)
    made_short(monkeypatch, at=2, touched=True)
    made = toy(tmp_path / "short", per_device_train_batch_size=8)
    train(made.job)
    assert made.job.budget.halved_at_step == 7
    assert furthest(weights(whole.model), weights(made.model)) < 1e-9


def test_the_second_shortage_and_other_errors_are_raised():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([parameter])
    fails = [FULL, FULL]

    def attempt():
        raise fails.pop()

    again = partial(halved_where_short, attempt, optimizer, step=0, say=lambda line: None)
    budget = Budget(8, 8, 1)
    with pytest.raises(torch.OutOfMemoryError):
        again(budget)
    assert budget.facts() == {
        "tokens": 4,
        "examples": 4,
        "longest": 1,
        "halved": True,
        "halved_at_step": 1,
        "halved_because": "CUDA out of memory. Tried to allocate",
    }
    fails = [RuntimeError("shapes do not match")]
    budget = Budget(8, 8, 1)
    with pytest.raises(RuntimeError, match="shapes"):
        again(budget)
    assert not budget.halved


def test_weights_that_have_changed_are_told_by_the_optimizer_s_counters():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([parameter])

    def attempt():
        parameter.grad = torch.ones(2)
        optimizer.step()
        raise FULL

    with pytest.raises(HalfUpdatedError):
        halved_where_short(attempt, optimizer, Budget(8, 8, 1), step=0, say=lambda line: None)


@pytest.mark.parametrize(
    ("ranks", "error"),
    [(ALONE, FULL), (Ranks(1, 2), ShortTogetherError("of all")), (Ranks(1, 2), RuntimeError("else"))],
)
def test_one_process_may_do_a_step_again_and_several_where_all_know(ranks: Ranks, error: RuntimeError):
    with pytest.raises(RuntimeError) as raised, none_short_alone(ranks, Budget(64, 4, 8), step=2):
        raise error
    assert raised.value is error


def test_a_process_that_is_short_where_the_others_cannot_know_ends_the_stage():
    """Halving the budget by itself, it would add up other sums than the others."""
    said = "step 3 ran out of memory in process 1 of 2 .* set tokens_per_microbatch to 32 or less"
    with pytest.raises(BenchError, match=said), none_short_alone(Ranks(1, 2), Budget(64, 4, 8), step=2):
        raise FULL
