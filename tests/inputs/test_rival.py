"""A rival: what is trained, at which speed, which of the two is kept, and that a run goes on as if nothing happened."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.errors import Interrupted
from benchbench.core.input import Moving, Pass, SecondPolicy
from benchbench.core.method import Need
from benchbench.inputs.rival import Rival
from benchbench.models.logps import token_logps
from benchbench.training.loop import train
from benchbench.training.optimizer import make_optimizer
from tests.training.toys import after, batches, examples, furthest, model, settings, toy, weights

from .stages_of_a_cell import Roles, recipe

EXHIBIT, METHOD = inputs.get("rival"), methods.get("ofs_dpo")
FAST, SLOW = ({"policy_is_fast": torch.tensor(value)} for value in (1.0, 0.0))
OFTEN = {"switch_steps": 2, "alpha": 0.3, "slow_rate": 0.25}


def run(folder, *, stop_after: int | None = None, hyper=OFTEN, **training):
    """Weights of both copies after eight steps, the roles and the lines."""
    options: dict[str, Any] = {} if stop_after is None else {"should_stop": after(stop_after)}
    made = toy(folder, "ofs_dpo", hyper=hyper, max_steps=8, **training, **options)
    if stop_after is None:
        train(made.job)
    else:
        with pytest.raises(Interrupted):
            train(made.job)
    carried = {name: value.clone() for name, value in made.job.moving["carried"].state().items()}
    return weights(made.job.model), carried, [json.loads(line) for line in made.log.splitlines()]


def test_it_starts_where_the_policy_does_without_a_stage_of_its_own():
    assert EXHIBIT.plan(Roles(), Need.RIVAL) == {} and EXHIBIT.faults(recipe(), METHOD, Need.RIVAL) == []


def test_whoever_has_the_fast_role_has_the_whole_rate_and_is_kept():
    rival = Rival(None, 0.25)
    assert isinstance(rival, SecondPolicy) and not isinstance(rival, Moving)
    assert [float(share) for share in rival.shares(FAST)] == [1.0, 0.25] and not rival.is_kept(FAST)
    assert [float(share) for share in rival.shares(SLOW)] == [0.25, 1.0] and rival.is_kept(SLOW)


def test_a_batch_has_its_log_probabilities_with_their_gradient():
    batch, second = batches(METHOD)(examples(3)), model(seed=1)
    given = EXHIBIT.tensor(Rival(second, 0.5), Pass(batch, None, None, torch.float64))
    assert torch.equal(given, token_logps(second, batch, dtype=torch.float64).token) and given.requires_grad


def test_both_are_trained_and_the_roles_switch(tmp_path):
    """The toy's rival is ahead after four steps, and behind after six."""
    before = weights(toy(tmp_path / "untrained", "ofs_dpo").job.model)
    trained, roles, _ = run(tmp_path / "run")
    moved = {name.partition(".")[0] for name in before if not torch.equal(before[name], trained[name])}
    assert moved == {"backbone", "rival"} and roles["policy_is_fast"] == 1
    _, roles, _ = run(tmp_path / "stopped", stop_after=4)
    assert roles["policy_is_fast"] == 0


def test_alone_each_of_them_is_dpo_at_its_own_rate(tmp_path):
    """Without the term between them, and with no norm to clip over both, at a constant role."""
    options = {"max_steps": 5, "max_grad_norm": 1e9}
    pair = toy(tmp_path / "pair", "ofs_dpo", hyper={"alpha": 0.0, "slow_rate": 0.25, "switch_steps": 99}, **options)
    train(pair.job)
    both = weights(pair.job.model)
    for part, seed, rate in (("backbone", 0, 0.01), ("rival", 1, 0.0025)):
        policy = model(seed=seed)
        train(toy(tmp_path / part, "dpo", policy=policy, learning_rate=rate, **options).job)
        mine = {name.removeprefix(f"{part}."): w for name, w in both.items() if name.startswith(f"{part}.")}
        assert furthest(mine, weights(policy)) < 1e-12


@pytest.mark.parametrize("stop_after", [1, 4, 5])
def test_a_run_resumed_in_the_middle_ends_where_one_without_a_stop_does(tmp_path, stop_after):
    """Both copies, their optimizer, the roles and the lines, before, on and after a switch."""
    whole, roles, lines = run(tmp_path / "whole")
    run(tmp_path / "stopped", stop_after=stop_after)
    resumed, others, again = run(tmp_path / "stopped")
    assert furthest(whole, resumed) == 0 and roles == others and lines == again


@pytest.mark.parametrize("size", [1, 3])
def test_the_microbatch_changes_nothing(tmp_path, size):
    whole, roles, _ = run(tmp_path / "whole", per_device_train_batch_size=8)
    pieces, others, _ = run(tmp_path / "pieces", per_device_train_batch_size=size)
    assert furthest(whole, pieces) < 1e-11
    assert all(torch.allclose(roles[name], others[name], rtol=1e-12) for name in roles)


def test_a_rate_that_follows_the_steps_is_one_group_of_the_optimizer(tmp_path):
    made = toy(tmp_path, "ofs_dpo")
    groups = make_optimizer(made.job.model, settings(), made.job.rates).param_groups
    assert len(groups) == 4 and len({id(group["rate"]) for group in groups}) == 2
