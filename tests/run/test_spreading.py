"""What several processes cannot train is refused before anything runs, all stages at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, Finished, bench, leftovers

ASKED = ("train", "dpo", "--setting", MICRO, "--seeds", 1, "--device", "cpu")


def test_dropout_is_refused_with_every_stage_that_has_it(tmp_path: Path):
    """Masks of one process are drawn on from microbatch to microbatch, so those of two would be others."""
    ended = bench(
        *(*ASKED, "--executor", "torchrun", "--world-size", 2, "--set", "sft.disable_dropout=false"),
        *("--set", "preference.disable_dropout=false", "--runs", tmp_path / "runs", "--results", tmp_path / "results"),
    )
    assert ended.code == 2
    assert "--world-size 2: 2 problems" in ended.err
    assert "sft seed 1: expected training without dropout" in ended.err
    assert "dpo seed 1: expected training without dropout" in ended.err
    assert not leftovers(tmp_path / "runs")


def test_more_processes_than_examples_of_a_step_are_refused(tmp_path: Path):
    ended = bench(*ASKED, "--executor", "torchrun", "--world-size", 9, "--dry-run", "--runs", tmp_path / "runs")
    assert ended.code == 2
    assert "expected a global_batch_size of 9 or more, an example for each process; found 8" in ended.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--executor", "slurm"), "--executor: expected auto, local, torchrun or ray, got 'slurm'"),
        (("--world-size", 2), "--world-size: expected --executor torchrun beside it, found local"),
        (("--shard-layers",), "--shard-layers: expected --executor torchrun beside it, found local"),
        (("--executor", "torchrun", "--world-size", 0), "--world-size: expected 1 or more, got 0"),
        (
            ("--executor", "torchrun", "--world-size", 1, "--shard-layers"),
            "--shard-layers: expected two or more processes that train a stage together and share its layers, found 1",
        ),
        (("--executor", "torchrun"), "--world-size: required with --executor torchrun where there are no cards"),
    ],
)
def test_what_makes_no_sense_is_refused(options: tuple[object, ...], message: str, tmp_path: Path):
    ended = bench(*ASKED, *options, "--dry-run", "--runs", tmp_path / "runs")
    assert ended.code == 2
    assert message in " ".join(ended.err.split())


def test_what_reads_the_whole_policy_is_refused_where_layers_are_sharded(tmp_path: Path):
    """A reference that follows the policy, and compiled layers; plain SFT of the same recipe is none of these."""
    ended = bench(
        *("train", "tr_dpo", "--setting", MICRO, "--seeds", 1, "--device", "cpu", "--dry-run"),
        *("--executor", "torchrun", "--world-size", 2, "--shard-layers", "--runs", tmp_path / "runs"),
        *("--set", "sft.torch_compile=true"),
    )
    assert ended.code == 2
    assert "--world-size 2: 2 problems" in ended.err
    assert "tr_dpo seed 1: expected a method without a second model" in ended.err
    assert "found need 'live_reference'; leave --shard-layers out" in ended.err
    assert "sft seed 1: expected layers that are not compiled" in ended.err


def test_stages_that_are_finished_are_not_refused(finished: Finished):
    """Nothing is left to train, however few examples their steps had."""
    ended = bench(*ASKED, "--executor", "torchrun", "--world-size", 9, "--dry-run", "--runs", finished.runs)
    assert ended.code == 0, ended.err
