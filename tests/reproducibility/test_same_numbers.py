"""The same command from nothing gives the same bytes; another seed gives another run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from harness import MICRO, Finished, bench, bench_process, finish
from safetensors.torch import load_file

DERIVED = ("measurements.csv", "comparisons.csv", "report.md")


def locks(runs: Path, kind: str) -> dict[str, Path]:
    """Title -> folder of every stage of a kind."""
    found = {}
    for path in (runs / kind).glob("*/lock.yaml"):
        line = next(line for line in path.read_text().splitlines() if line.startswith("title: "))
        found[line.removeprefix("title: ")] = path.parent
    return found


def logged(folder: Path, key: str) -> list[float]:
    return [json.loads(line)[key] for line in (folder / "train.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def again(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The shared comparison once more, from empty folders and in this process instead of two workers."""
    folder = tmp_path_factory.mktemp("again")
    status = finish(finished.METHODS, runs=folder / "runs", seeds=finished.SEEDS)
    assert set(status.values()) == {"done"}
    ended = bench(*finished.line, "--runs", folder / "runs", "--results", folder / "results")
    assert ended.code == 0, ended.err
    return Finished(folder / "runs", folder / "results", ended)


@pytest.mark.parametrize("name", DERIVED)
def test_the_same_command_from_nothing_writes_the_same_bytes(finished: Finished, again: Finished, name: str):
    assert (again.folder / name).read_bytes() == (finished.folder / name).read_bytes()


def test_the_same_stages_leave_the_same_weights_and_rows(finished: Finished, again: Finished):
    compared = 0
    for path in sorted(finished.runs.rglob("*")):
        if path.name in ("model.safetensors", "reward_head.safetensors", "rows.parquet", "train.jsonl", "lock.yaml"):
            other = again.runs / path.relative_to(finished.runs)
            if path.name != "lock.yaml":  # it records the paths of its run
                assert other.read_bytes() == path.read_bytes(), path
            compared += other.is_file()
    stages = len(list(finished.runs.glob("*/*/lock.yaml")))
    trained = len(list(finished.runs.glob("*/*/train.jsonl")))
    assert compared == 2 * stages + trained + 3, "a lock and rows or a model each, a log of each training, three heads"


def test_one_worker_another_hash_seed_and_another_folder_give_the_same_numbers(finished: Finished, tmp_path: Path):
    """As a user's process: one worker, another seed of Python's own hashes."""
    ended = bench_process(
        *("train", "dpo", "--setting", MICRO, "--seeds", 2, "--workers", 1),
        cwd=tmp_path,
        PYTHONHASHSEED="12345",
    )
    assert ended.code == 0, ended.err
    mine = (tmp_path / "results" / "micro" / "measurements.csv").read_text().splitlines()
    theirs = (finished.folder / "measurements.csv").read_text().splitlines()
    assert len(mine) == 1 + 62
    assert set(mine) <= set(theirs)


def test_another_seed_begins_elsewhere_and_sees_the_data_in_another_order(finished: Finished, tmp_path: Path):
    still = "sft.learning_rate=1e-30"
    finish(["sft"], runs=tmp_path / "runs", seeds=(1, 2), sets=[still])
    folders = locks(tmp_path / "runs", "sft")
    first, second = (load_file(folders[f"sft seed {seed}"] / "model" / "model.safetensors") for seed in (1, 2))
    matrices = [name for name in first if first[name].ndim > 1]
    assert matrices
    assert not any(torch.equal(first[name], second[name]) for name in matrices)
    tokens = {title: tuple(logged(folder, "num_tokens")) for title, folder in locks(finished.runs, "sft").items()}
    assert len(set(tokens.values())) == len(tokens) == 3


def test_the_same_seed_gives_every_method_the_same_examples_at_every_step(finished: Finished):
    folders = locks(finished.runs, "preference")
    for seed in finished.SEEDS:
        tokens = {tuple(logged(folders[f"{label} seed {seed}"], "num_tokens")) for label in finished.METHODS}
        assert len(tokens) == 1
    orders = {tuple(logged(folders[f"dpo seed {seed}"], "num_tokens")) for seed in finished.SEEDS}
    assert len(orders) == len(finished.SEEDS)


def test_every_method_starts_from_the_same_policy(finished: Finished):
    """Before the first step all see the same log-probabilities of the same pairs."""
    folders = locks(finished.runs, "preference")
    for seed in finished.SEEDS:
        first = {logged(folders[f"{label} seed {seed}"], "logps/chosen")[0] for label in finished.METHODS}
        assert len(first) == 1


def test_under_init_only_seeds_share_the_order_and_not_the_weights(tmp_path: Path):
    finish(["sft"], runs=tmp_path / "runs", seeds=(1, 2), sets=["seeds.scope=init_only"])
    folders = locks(tmp_path / "runs", "sft")
    one, two = (folders[f"sft seed {seed}"] for seed in (1, 2))
    assert logged(one, "num_tokens") == logged(two, "num_tokens")
    assert logged(one, "loss") != logged(two, "loss")
