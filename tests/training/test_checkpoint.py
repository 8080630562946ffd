"""A run that was stopped or killed goes on as if it never had been."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from benchbench.models import load
from benchbench.training import checkpoint, loop
from benchbench.training.checkpoint import (
    DamagedCheckpointError,
    Position,
    checkpoints,
    load_checkpoint,
    position_of,
    read_position,
    save_checkpoint,
    trainable,
)
from benchbench.training.loop import Interrupted, train
from benchbench.training.optimizer import make_optimizer

from .toys import after, model, settings, toy, weights

DROPOUT = {"hidden_dropout": 0.2, "attention_dropout": 0.2}


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the package may catch it."""


def equal(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def straight(folder, **options):
    """A run to its end."""
    run = toy(folder, **options)
    outcome = train(run.job)
    return outcome, weights(run.model), run.log


def resumed(folder, *, stop: int, **options):
    """The same run, stopped after so many steps and continued by another process's objects."""
    policies = options.pop("policies", (None, None))
    with pytest.raises(Interrupted):
        train(toy(folder, should_stop=after(stop), policy=policies[0], **options).job)
    run = toy(folder, policy=policies[1], **options)
    outcome = train(run.job)
    return outcome, weights(run.model), run.log


@pytest.mark.parametrize("stop", [1, 5, 11])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_interrupted_run_ends_bit_by_bit_where_a_straight_one_does(tmp_path, stop, dtype):
    options = {"disable_dropout": False}
    one = straight(tmp_path / "one", policy=model(dtype=dtype, **DROPOUT), **options)
    policies = [model(dtype=dtype, **DROPOUT) for _ in range(2)]
    two = resumed(tmp_path / "two", stop=stop, policies=policies, **options)
    assert one[0] == two[0] and equal(one[1], two[1]) and one[2] == two[2]


def test_the_state_of_the_optimizer_is_the_same_bit_by_bit(tmp_path):
    """Both are stopped after step 12, the second after step 5 too; their checkpoints hold the same tensors."""
    for folder, stops in (("one", (12,)), ("two", (5, 7))):
        for stop in stops:
            with pytest.raises(Interrupted):
                train(toy(tmp_path / folder, policy=model(**DROPOUT), should_stop=after(stop)).job)
    one, two = (load_file(tmp_path / folder / "checkpoint" / "state.safetensors") for folder in ("one", "two"))
    assert equal(one, two) and sum(name.startswith("optimizer.exp_avg.") for name in one) == len(trainable(model()))


def test_dropout_took_part(tmp_path):
    with_dropout = straight(tmp_path / "one", policy=model(**DROPOUT))
    without = straight(tmp_path / "two", policy=model())
    assert not equal(with_dropout[1], without[1])


@pytest.mark.parametrize("name", ["sft", "ddo_rm", "simpo"])
def test_so_it_is_for_other_methods_and_with_windows(tmp_path, name):
    options = {"name": name, "length_window": 2, "lr_scheduler_type": "cosine", "logging_steps": 3}
    one, two = straight(tmp_path / "one", **options), resumed(tmp_path / "two", stop=5, **options)
    assert one[0] == two[0] and equal(one[1], two[1]) and one[2] == two[2]


def test_so_it_is_in_bfloat16_with_adapters_and_recomputation(tmp_path):
    def policy():
        lora = {"lora_r": 2, "lora_alpha": 4, "lora_dropout": 0.2, "lora_target_modules": ["query_key_value", "dense"]}
        adapted = load.add_lora(model(dtype=torch.float32), lora, seed=1)
        load.use_checkpointing(adapted)
        return adapted

    options = {"bf16": True, "disable_dropout": False}
    one = straight(tmp_path / "one", policy=policy(), **options)
    two = resumed(tmp_path / "two", stop=5, policies=(policy(), policy()), **options)
    assert equal(one[1], two[1]) and one[2] == two[2]


def test_a_run_stopped_after_its_last_step_knows_its_last_line(tmp_path):
    one, two = straight(tmp_path / "one"), resumed(tmp_path / "two", stop=12)
    assert one[0] == two[0] and two[0].last["step"] == 12
    assert equal(one[1], two[1]) and one[2] == two[2]


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    """Killed after step 8 with a checkpoint at 5: steps 6 to 8 run again, and their lines stand there once."""

    def report(event):
        if event["step"] == 8:
            raise Killed

    one = straight(tmp_path / "one", save_steps=5)
    with pytest.raises(Killed):
        train(toy(tmp_path / "two", save_steps=5, report=report).job)
    run = toy(tmp_path / "two", save_steps=5)
    seen = []
    train(toy(tmp_path / "two", save_steps=5, policy=run.model, report=seen.append).job)
    assert [event["step"] for event in seen] == list(range(6, 13))
    assert equal(one[1], weights(run.model)) and one[2] == run.log
    assert [json.loads(line)["step"] for line in run.log.splitlines()] == list(range(1, 13))


def test_the_optimizer_comes_back_too(tmp_path):
    run = toy(tmp_path, should_stop=after(5))
    with pytest.raises(Interrupted):
        train(run.job)
    policy = model()
    optimizer = make_optimizer(policy, settings())
    position = load_checkpoint(tmp_path / "checkpoint", policy, optimizer)
    assert position is not None and position.step == 5
    assert equal(weights(policy), weights(run.model))
    state = optimizer.state_dict()["state"]
    assert len(state) == len(trainable(policy))
    assert all(float(values["step"]) == 5 and values["exp_avg_sq"].abs().sum() > 0 for values in state.values())


def test_the_seconds_of_all_attempts_stand_in_the_checkpoint(tmp_path, monkeypatch):
    """A clock that is one second further at each look: each attempt looks when it begins and when it saves."""
    ticks = iter(range(1000))
    monkeypatch.setattr(loop.time, "monotonic", lambda: float(next(ticks)))
    for expected in (1.0, 2.0):
        with pytest.raises(Interrupted):
            train(toy(tmp_path, should_stop=after(2)).job)
        assert read_position(tmp_path / "checkpoint").seconds == expected


def test_a_checkpoint_without_a_checksum_is_not_believed(tmp_path):
    """As an earlier version wrote them."""
    saved(tmp_path, 1.0, step=5)
    tensors = load_file(tmp_path / "state.safetensors")
    save_file(tensors, tmp_path / "state.safetensors", metadata={"step": "5", "tokens": "50"})
    with pytest.raises(DamagedCheckpointError, match="has no sha256"):
        read_position(tmp_path)


def test_a_step_that_somebody_changed_is_noticed(tmp_path):
    saved(tmp_path, 1.0, step=5)
    path = tmp_path / "state.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"step":"5"', b'"step":"7"'))
    with pytest.raises(DamagedCheckpointError, match="was written as"):
        read_position(tmp_path)


def test_one_bit_of_any_tensor_is_noticed(tmp_path):
    saved(tmp_path, 1.0, step=5)
    path = tmp_path / "state.safetensors"
    whole = path.read_bytes()
    begin = 8 + int.from_bytes(whole[:8], "little")
    for place in range(begin, len(whole), (len(whole) - begin) // 50):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DamagedCheckpointError, match="was written as"):
            read_position(tmp_path)


def test_the_checkpoint_before_the_newest_stays(tmp_path):
    for step in (5, 10, 15):
        saved(tmp_path, float(step), step=step)
    assert [position_of(path).step for path in checkpoints(tmp_path)] == [15, 10]
    (tmp_path / "state.safetensors").unlink()
    assert found(tmp_path) == (Position(10, 100), 10.0)


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[:-9], lambda content: bytes(99)])
def test_a_damaged_checkpoint_is_said_to_be_damaged(tmp_path, damage):
    saved(tmp_path, 1.0, step=5)
    path = tmp_path / "state.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedCheckpointError):
        read_position(tmp_path)


def saved(folder, value: float, *, step: int):
    """A checkpoint of a model all of whose weights have one value."""
    policy = model()
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.fill_(value)
    save_checkpoint(folder, policy, make_optimizer(policy, settings()), Position(step, 10 * step))


def found(folder):
    """Position and first weight of the checkpoint that is there."""
    policy = model()
    position = load_checkpoint(folder, policy, make_optimizer(policy, settings()))
    return position, next(policy.parameters()).flatten()[0].item()


def test_a_newer_checkpoint_takes_the_place_of_the_older(tmp_path):
    saved(tmp_path / "checkpoint", 1.0, step=5)
    saved(tmp_path / "checkpoint", 2.0, step=10)
    assert found(tmp_path / "checkpoint") == (Position(10, 100), 2.0)


def test_no_checkpoint_is_none(tmp_path):
    assert found(tmp_path / "checkpoint")[0] is None
    (tmp_path / "checkpoint").mkdir()
    assert found(tmp_path / "checkpoint")[0] is None


def test_a_checkpoint_cut_off_leaves_the_older_one(tmp_path, monkeypatch):
    """The new file has half its bytes when the process dies."""
    saved(tmp_path / "checkpoint", 1.0, step=5)
    whole = checkpoint.save_file

    def cut(tensors, path, *args, **options):
        whole(tensors, path, *args, **options)
        path.write_bytes(path.read_bytes()[:1000])
        raise Killed

    monkeypatch.setattr(checkpoint, "save_file", cut)
    with pytest.raises(Killed):
        saved(tmp_path / "checkpoint", 2.0, step=10)
    assert found(tmp_path / "checkpoint") == (Position(5, 50), 1.0)
    monkeypatch.undo()
    saved(tmp_path / "checkpoint", 3.0, step=10)
    assert found(tmp_path / "checkpoint") == (Position(10, 100), 3.0)


def test_no_moment_of_saving_is_without_a_checkpoint(tmp_path, monkeypatch):
    """Whatever call touches the disk, were it the last one, a whole checkpoint can be read before and after it."""
    saved(tmp_path / "checkpoint", 1.0, step=5)
    looked = []

    def watched(owner, name):
        original = getattr(owner, name)

        def call(*args, **options):
            looked.append(found(tmp_path / "checkpoint")[0])
            result = original(*args, **options)
            looked.append(found(tmp_path / "checkpoint")[0])
            return result

        monkeypatch.setattr(owner, name, call)

    for owner, name in ((os, "rename"), (os, "replace"), (os, "unlink"), (shutil, "rmtree")):
        watched(owner, name)
    watched(Path, "rename")
    watched(Path, "replace")
    watched(Path, "unlink")
    watched(checkpoint, "save_file")
    saved(tmp_path / "checkpoint", 2.0, step=10)
    monkeypatch.undo()
    assert len(looked) >= 4 and {position.step for position in looked if position is not None} == {5, 10}
    assert None not in looked


def test_a_checkpoint_of_another_model_is_no_checkpoint_of_this_one(tmp_path):
    saved(tmp_path / "checkpoint", 1.0, step=5)
    wider = model(hidden_size=32)
    with pytest.raises((RuntimeError, KeyError)):
        load_checkpoint(tmp_path / "checkpoint", wider, make_optimizer(wider, settings()))


def test_only_safetensors_and_json_are_written(tmp_path):
    with pytest.raises(Interrupted):
        train(toy(tmp_path, should_stop=after(2)).job)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".jsonl"}


def test_adapters_alone_are_kept(tmp_path):
    lora = {"lora_r": 2, "lora_alpha": 4, "lora_dropout": 0.0, "lora_target_modules": ["dense"]}
    policy = load.add_lora(model(), lora, seed=1)
    save_checkpoint(tmp_path / "checkpoint", policy, make_optimizer(policy, settings()), Position(1, 1))
    (file,) = (tmp_path / "checkpoint").glob("*.safetensors")
    with safe_open(file, "pt") as content:
        assert all("lora" in name for name in content.keys() if name.startswith("model."))  # noqa: SIM118


def test_the_checkpoint_decides_and_not_the_weights_that_were_built(tmp_path):
    with pytest.raises(Interrupted):
        train(toy(tmp_path, should_stop=after(2)).job)
    broken = model()
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    assert train(toy(tmp_path, policy=broken).job).steps == 12
    assert all(value.isfinite().all() for value in weights(broken).values())
