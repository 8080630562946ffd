"""What tells two stages apart, on folders written by hand: settings, rows, versions, hardware, logs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import bench, reseal

from benchbench.commands.diff.differences import RunDifference, compare_sides
from benchbench.commands.diff.sides import DiffRequest, open_sides
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageSpec
from benchbench.store.runs import RunStore

ENVIRONMENT = {
    "device_kind": "cpu",
    "device_name": "a chip",
    "python": "3.11",
    "packages": {"torch": "2.12", "peft": "0.19"},
    "variables": {"OMP_NUM_THREADS": "1"},
}
LOSSES = [3.0, 2.5, 2.25, 2.0]


def stage(store: RunStore, kind: str, settings: dict[str, Any], inputs: dict[str, str] | None = None) -> str:
    """A finished stage with a log; its key."""
    spec = StageSpec(
        kind, f"{kind} seed 1", {"data": {"hash": "a" * 64, "split": "train"}, **settings}, inputs or {}, {}
    )
    record = store.begin(spec, ENVIRONMENT)
    summary = {"steps": 4, "tokenization": {"examples": 90, "dropped": {"too long": 10}}, "last": {"loss": 2.0}}
    store.write(replace(record, status="done", tokens=100, seconds=1.0, summary=summary))
    lines = [{"step": step, "loss": loss} for step, loss in enumerate(LOSSES, start=1)]
    (store.folder(spec.key) / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return spec.key


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def told(store: RunStore, a: object, b: object) -> Any:
    return compare_sides(*open_sides(DiffRequest((str(a), str(b))), RunOptions(runs=store.root)))


def test_settings_of_a_stage_and_of_what_it_rests_on_are_told_with_the_way(store: RunStore):
    """The learning rate of SFT, the method's strength, and nothing else: inputs are told by their own ways."""
    starts = [stage(store, "sft", {"training": {"learning_rate": rate}}) for rate in (1e-3, 2e-3)]
    runs = [
        stage(store, "preference", {"method": {"hyper": {"beta": beta}}}, {"policy": start})
        for beta, start in zip((0.1, 0.2), starts, strict=True)
    ]
    difference = told(store, *runs)
    assert difference.differences == (
        RunDifference("run", "settings", "method.hyper.beta", 0.1, 0.2),
        RunDifference("run > sft", "settings", "training.learning_rate", 1e-3, 2e-3),
    )
    assert difference.partings == () and difference.equal_logs == ("run", "run > sft")


def test_the_same_stage_on_two_machines_differs_by_versions_hardware_rows_and_where_losses_part(
    store: RunStore, tmp_path: Path
):
    key = stage(store, "sft", {})
    there = tmp_path / "theirs" / "runs"
    shutil.copytree(store.root, there)

    def elsewhere(record: dict[str, Any]) -> dict[str, Any]:
        record["environment"] |= {"device_kind": "cuda", "device_name": "a card", "packages": {"torch": "2.13"}}
        record["environment"]["variables"] = {}
        record["summary"]["tokenization"] |= {"examples": 78, "dropped": {"too long": 10, "empty": 12}}
        return {**record, "seconds": 99.0}

    log = there / key / "train.jsonl"
    log.write_text(log.read_text().replace("2.25", "2.26").replace('"loss": 2.0', '"loss": 2.01'))
    reseal(there, key, elsewhere)
    difference = told(store, key, there / key)
    assert {(each.kind, each.name, each.a, each.b) for each in difference.differences} == {
        ("rows", "tokenisation.examples", 90, 78),
        ("rows", "tokenisation.dropped.empty", None, 12),
        ("versions", "torch", "2.12", "2.13"),
        ("versions", "peft", "0.19", None),
        ("hardware", "device_kind", "cpu", "cuda"),
        ("hardware", "device_name", "a chip", "a card"),
        ("hardware", "variable OMP_NUM_THREADS", "1", None),
    }
    (parting,) = difference.partings
    assert (parting.name, parting.step, parting.before, parting.a, parting.b) == ("loss", 3, 2, 2.25, 2.26)
    assert (parting.last_a, parting.last_b) == (2.0, 2.01)
    ended = bench("diff", key, there / key, "--runs", store.root)
    assert ended.code == 0, ended.err
    assert "run: losses part at step 3, after 2 logged steps without a difference" in ended.text
    assert max(map(len, ended.out.splitlines())) <= 80


def test_a_run_beside_itself_is_one_and_the_same(store: RunStore):
    key = stage(store, "sft", {})
    difference = told(store, key, store.folder(key))
    assert difference.same == ("run",) and difference.differences == ()
    out = bench("diff", key, key, "--runs", store.root).text
    assert "one and the same stage on both sides: run nothing tells the two apart" in out


def test_what_one_side_alone_rests_on_is_told_once_and_what_is_gone_is_named(store: RunStore, tmp_path: Path):
    start = stage(store, "sft", {})
    reference = stage(store, "score", {"store_tokens": True}, {"policy": start})
    with_reference = stage(store, "preference", {"n": 1}, {"policy": start, "reference": reference})
    without = stage(store, "preference", {"n": 2}, {"policy": start})
    difference = told(store, with_reference, without)
    assert difference.only_a == (f"run > reference: score seed 1 ({reference})",) and difference.only_b == ()
    assert difference.same == ("run > sft",)
    shutil.rmtree(store.folder(reference))
    assert told(store, with_reference, without).a.missing == (reference,)


def test_numbers_that_are_no_numbers_on_both_sides_are_alike(store: RunStore, tmp_path: Path):
    key = stage(store, "sft", {})
    other = tmp_path / "copy" / "sft" / Path(key).name
    shutil.copytree(store.folder(key), other)
    for folder in (store.folder(key), other):
        (folder / "train.jsonl").write_text('{"step": 1, "loss": NaN}\n')
    assert told(store, key, other).partings == ()


def test_json_has_hashes_whole_and_ways_with_their_keys(store: RunStore):
    a, b = stage(store, "sft", {"x": 1}), stage(store, "sft", {"x": 2, "data": {"hash": "b" * 64, "split": "train"}})
    values = bench("diff", a, b, "--runs", store.root, "--json").json
    assert {"stage": "run", "kind": "data", "name": "data.hash", "a": "a" * 64, "b": "b" * 64} in values["differences"]
    assert values["a"]["stages"]["run"]["key"] == a and values["equal_logs"] == ["run"]
    assert "aaaaaaaaaaaa..." in bench("diff", a, b, "--runs", store.root).out


def test_options_that_are_not_read_are_refused_together(store: RunStore):
    key = stage(store, "sft", {})
    ended = bench("diff", key, key, "--runs", store.root, "--setting", "tiny", "--seeds", 1)
    assert ended.code == 2 and "2 problems" in ended.err and "--setting: not read" in ended.err
    ended = bench("diff", key, "dpo", "--runs", store.root, "--seeds", 1, 2)
    assert ended.code == 2 and "expected one seed, that of the method" in ended.err
    ended = bench("diff", "dpo", "simpo", "--runs", store.root, "--seeds", 1, 2, 3)
    assert ended.code == 2 and "one for each, got 1 2 3" in ended.err
    ended = bench("diff", key, "sft/nothing", "--runs", store.root)
    assert ended.code == 2 and "found none" in ended.err
