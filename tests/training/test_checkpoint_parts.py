"""Checkpoints that processes which share layers write together: in parts, for any number of processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from benchbench.core.errors import Interrupted
from benchbench.core.records import StageRecord
from benchbench.stages.resumption import resumption
from benchbench.store.runs import RunStore
from benchbench.training.checkpoint import DamagedCheckpointError, checkpoints, position_of
from benchbench.training.ranks import ALONE

from .ranked import Group, group, lines, train_case
from .test_ranks import NOISE, furthest_apart, of_adapters, of_method, require_alike_lines

LAYER = "gpt_neox.layers.0.mlp.dense_h_to_4h.weight"
EMBEDDING = "gpt_neox.embed_in.weight"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Two processes, for all tests of this file."""
    with group(2, tmp_path_factory.mktemp("pair")) as processes:
        yield processes


def trained(processes: Group | None, folder: Path, *, shards: bool, stop_after: int = 0, **training: Any) -> Any:
    """A run of so many processes that goes on from what is in the folder; "interrupted", or the weights at its end."""
    case: dict[str, Any] = {"make": of_method, "name": "dpo", "single": True, "learning_rate": 1e-3, **training}
    case |= {"folder": str(folder), "stop_after": stop_after, "shards": shards}
    if processes is not None:
        return processes.run(train_case, **case)[0]
    try:
        return train_case(ALONE, **case)
    except Interrupted:
        return "interrupted"


def sizes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor of a file."""
    with safe_open(path, "pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def flipped(path: Path) -> None:
    """Another last bit."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_each_process_writes_its_parts_and_a_damaged_checkpoint_is_set_aside(pair: Group, tmp_path: Path):
    store, key, said = RunStore(tmp_path), "preference/0123456789abcdef", list[str]()
    straight = trained(pair, tmp_path / "straight", shards=True)
    assert trained(pair, store.folder(key), shards=True, stop_after=3, save_steps=1) == "interrupted"
    kept = checkpoints(store.folder(key) / "checkpoint")
    assert [path.name for path in kept] == ["step-3", "step-2"] == [path.name for path in kept if path.is_dir()]
    assert len(list((store.folder(key) / "checkpoint").iterdir())) == 2, "nothing else is left there"
    names = ["position.json", *(f"shard-0000{number}-model-00001-of-00001.safetensors" for number in (1, 2))]
    assert sorted(path.name for path in kept[0].iterdir()) == names
    assert json.loads((kept[0] / "position.json").read_text())["world_size"] == 2
    first, second = (sizes(kept[0] / name) for name in names[1:])
    for begin in ("model", "optimizer.exp_avg", "optimizer.exp_avg_sq"):
        width = first[f"model.{EMBEDDING}"][1]
        assert [each[f"{begin}.{LAYER}"] for each in (first, second)] == [(width, width)] * 2, "of twice as many rows"
        assert f"{begin}.{EMBEDDING}" in first and f"{begin}.{EMBEDDING}" not in second
    flipped(kept[0] / names[2])
    with pytest.raises(DamagedCheckpointError, match=f"{names[2]} has the content .*, was written as"):
        position_of(kept[0])
    store.write(StageRecord(key, "interrupted", {"device_kind": "cpu"}))
    position = resumption(store, key, "cpu", lambda event: said.append(event["message"]))
    assert position is not None and position.step == 2
    assert len(said) == 1 and said[0].endswith("; it is set aside as step-3.damaged")
    assert furthest_apart(trained(pair, store.folder(key), shards=True), straight) == 0, "as many go on, to the bit"
    assert (store.folder(key) / "train.jsonl").read_bytes() == (tmp_path / "straight/train.jsonl").read_bytes()


def test_what_is_cut_short_or_added_is_noticed_and_what_is_of_no_use_goes(pair: Group, tmp_path: Path):
    store, key, said = RunStore(tmp_path), "preference/0123456789abcdef", list[str]()
    assert trained(pair, store.folder(key), shards=True, stop_after=2) == "interrupted"
    (path,) = checkpoints(store.folder(key) / "checkpoint")
    about = (path / "position.json").read_text()
    for text, what in ((about.replace('"step": "2"', '"step": "3"'), "another content than its checksum"), ("", "")):
        (path / "position.json").write_text(text)
        with pytest.raises(DamagedCheckpointError, match=f"position.json.*{what}"):
            position_of(path)
    (path / "position.json").write_text(about)
    (path / "more.safetensors").write_bytes(b"")
    with pytest.raises(DamagedCheckpointError, match="more.safetensors was not written with it"):
        position_of(path)
    (path / "more.safetensors").unlink()
    next(path.glob("shard-00001*")).rename(tmp_path / "elsewhere")
    with pytest.raises(DamagedCheckpointError, match="No such file"):
        position_of(path)
    store.write(StageRecord(key, "interrupted", {"device_kind": "cuda"}))
    assert resumption(store, key, "cpu", lambda event: said.append(event["message"])) is None
    assert said[0].startswith("starts anew: expected a checkpoint of a training on cpu")
    assert list((store.folder(key) / "checkpoint").iterdir()) == []


HOW = {"alone": (False, False), "whole models": (True, False), "parts": (True, True)}
"""Whether two processes train, and whether they share layers."""


@pytest.mark.parametrize(("saved_by", "read_by"), [("parts", "whole models"), ("alone", "parts"), ("parts", "alone")])
def test_a_checkpoint_is_gone_on_from_however_the_training_is_spread(
    saved_by: str, read_by: str, pair: Group, tmp_path: Path
):
    straight = trained(None, tmp_path / "straight", shards=False)
    for how, stop_after in ((saved_by, 2), (read_by, 0)):
        is_pair, shards = HOW[how]
        ended = trained(pair if is_pair else None, tmp_path / "run", shards=shards, stop_after=stop_after)
    require_alike_lines(lines(tmp_path / "run"), lines(tmp_path / "straight"))
    assert furthest_apart(ended, straight) <= NOISE


def test_the_newest_two_stay_files_and_folders_alike(pair: Group, tmp_path: Path):
    for how, names in (
        ("parts", ["step-1"]),
        ("alone", ["state.safetensors", "step-1"]),
        ("parts", ["step-3", "state.safetensors"]),
    ):
        is_pair, shards = HOW[how]
        assert trained(pair if is_pair else None, tmp_path, shards=shards, stop_after=1) == "interrupted"
        assert [path.name for path in checkpoints(tmp_path / "checkpoint")] == names
        assert len(list((tmp_path / "checkpoint").iterdir())) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("make", [of_method, of_adapters])
def test_three_processes_two_and_one_go_on_from_each_other(make: Any, pair: Group, tmp_path: Path):
    """Rows of layers do not divide by three, and the last process has none of a small one."""
    how: dict[str, Any] = {"make": make, "name": "dpo"} | ({} if make is of_adapters else {"single": True})
    straight = train_case(ALONE, folder=str(tmp_path / "straight"), **how)
    with group(3, tmp_path) as three:
        for processes, stop in ((three, 1), (pair, 1), (three, 0)):
            ended = processes.run(train_case, folder=str(tmp_path / "run"), shards=True, stop_after=stop, **how)
    require_alike_lines(lines(tmp_path / "run"), lines(tmp_path / "straight"))
    assert furthest_apart(ended[0], straight) <= NOISE
