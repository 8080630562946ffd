"""Losses over a whole step: exact however the step is cut, resumed in the middle, and with what they carry."""

from __future__ import annotations

import json

import pytest
import torch

from benchbench import methods
from benchbench.core.errors import Interrupted
from benchbench.core.method import Candidates, Carried, Family, Method, Need, Paper
from benchbench.training.loop import train

from .toys import after, furthest, model, toy, weights

WIDE = [
    name
    for name in methods.names()
    if methods.get(name).sees_the_step(methods.get(name).hyper())
    or methods.get(name).head is not None
    or methods.get(name).need(Need.DISTRIBUTION.name)
    or methods.get(name).need(Need.LIVE_REFERENCE.name)
]
"""Methods that read more than an example's own log-probabilities."""
STEPS = 4


def trained(folder, name, **options):
    """Weights after a run and its lines."""
    made = toy(folder, name, max_steps=STEPS, **options)
    train(made.job)
    return weights(made.model), [json.loads(line) for line in made.log.splitlines()]


@pytest.mark.parametrize("name", WIDE)
def test_neither_the_microbatch_nor_a_stop_in_the_middle_changes_where_a_run_ends(tmp_path, name):
    whole, lines = trained(tmp_path / "whole", name, per_device_train_batch_size=8)
    for size in (1, 3):
        pieces, others = trained(tmp_path / f"pieces of {size}", name, per_device_train_batch_size=size)
        assert furthest(whole, pieces) < 1e-9
        for one, other in zip(lines, others, strict=True):
            assert one == pytest.approx(other, rel=1e-5, abs=1e-6)  # what is logged for people is in float32
    stopped = toy(tmp_path / "stopped", name, max_steps=STEPS, should_stop=after(3), per_device_train_batch_size=size)
    with pytest.raises(Interrupted):
        train(stopped.job)
    resumed, lines = trained(tmp_path / "stopped", name, per_device_train_batch_size=size)
    assert furthest(pieces, resumed) == 0 and lines == others


def test_dropout_is_the_same_in_both_passes_of_a_piece(tmp_path):
    """Else the slope would be sent back through other numbers; a step of one example a piece is then no other step."""
    options = {"policy": None, "disable_dropout": False}
    one = trained(tmp_path / "one", "aot", per_device_train_batch_size=1, **options)[1]
    policy = model(hidden_dropout=0.3)
    noisy = trained(tmp_path / "noisy", "aot", per_device_train_batch_size=1, policy=policy)[1]
    again = trained(tmp_path / "again", "aot", per_device_train_batch_size=1, policy=model(hidden_dropout=0.3))[1]
    assert noisy == again and noisy != one


def test_numbers_are_carried_from_step_to_step_and_per_example(monkeypatch, tmp_path):
    """A loss that is its own step count, and a multiplier that grows with each visit of an example."""
    seen: list[tuple[float, list[float]]] = []

    def loss(scores, hyper):
        seen.append((scores.carried("steps").item(), scores.carried("visits").tolist()))
        return 0 * scores.policy.sum()[:, 0] + scores.carried("steps")

    counted = Method(
        name="counted",
        paper=Paper("Nobody", 2026),
        hyper=methods.get("dpo").hyper,
        loss=loss,
        reward=lambda scores, hyper: scores.policy.sum(),
        candidates=Candidates.ANY,
        family=Family.PAIRWISE,
        carried=Carried(
            start=lambda hyper: {"steps": 0.0, "visits": 0.0},
            advance=lambda scores, hyper: {
                "steps": scores.carried("steps") + 1,
                "visits": scores.carried("visits") + 1,
            },
            per_example=frozenset({"visits"}),
        ),
    )
    monkeypatch.setattr(methods, "get", lambda name: counted)
    made = toy(tmp_path, "counted", max_steps=6, per_device_train_batch_size=3)
    train(made.job)
    assert [steps for steps, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert all(visits == [1.0] * 8 for _, visits in seen[:3]) and all(visits == [2.0] * 8 for _, visits in seen[3:])
    state = made.job.moving["carried"].state()
    assert state["steps"].item() == 6 and torch.equal(state["visits"], torch.full((24,), 2.0, dtype=torch.float64))
