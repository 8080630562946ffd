"""A training whose processes are asked to stop, and one of which is killed in a step, goes on; with one process too."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Iterable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from harness import MICRO, execute

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.needs import needs_of
from benchbench.run.ranked import work_together
from benchbench.run.scheduler import Scheduler
from benchbench.run.torchrun import TorchrunExecutor
from benchbench.store.rows import read_rows
from benchbench.training.checkpoint import read_position

from .test_scheduler import Heard

STOPPED_IN_STEP, KILLED_IN_STEP = 2, 4


def work_until_signalled(sent: signal.Signals, to: int, at: int, pipe: Connection, *arguments: Any) -> None:
    """As `work_together`; one process gets a signal before it adds up the gradients of a step."""
    from benchbench.training.ranks import Ranks

    number, steps, add_gradients = arguments[3], itertools.count(1), Ranks.add_gradients

    def add_after_signal(ranks: Ranks, parameters: Iterable[Any]) -> None:
        if number == to and next(steps) == at:
            os.kill(os.getpid(), sent)
        add_gradients(ranks, parameters)

    Ranks.add_gradients = add_after_signal
    work_together(pipe, *arguments)


def ran(options: RunOptions, spec: StageSpec, sent: signal.Signals, *, to: int, at: int) -> StageRecord:
    """The record of a stage of two processes, one of which gets a signal in its step of that number."""
    target = partial(work_until_signalled, sent, to, at)
    executor = TorchrunExecutor(options.store.root, [("cpu", "cpu")], threads=1, target=target)
    result = Scheduler(executor, options.store, Heard(), needs=partial(needs_of, world_size=2)).run({spec.key: spec})
    assert list(result.failed) == [spec.key]
    return result.failed[spec.key]


def step_of_checkpoint(options: RunOptions, spec: StageSpec) -> int:
    position = read_position(options.store.folder(spec.key) / "checkpoint")
    assert position is not None
    return position.step


def planned(folder: Path) -> tuple[RunOptions, dict[str, StageSpec]]:
    """The stages of a comparison, by title; everything before the method's training is done."""
    options = RunOptions("cpu", runs=folder)
    sets = ["preference.save_steps=1", "preference.max_steps=5"]
    request = CompareRequest(["dpo"], str(MICRO), ["1"], overrides=sets, pairs_only=True)
    stages = {spec.title: spec for spec in prepare_comparison(request, options).session.plan.stages.values()}
    for title in ("sft seed 1", "reference log-probabilities seed 1"):
        assert execute(stages[title], options.store).status == "done"
    return options, stages


def test_a_training_goes_on_after_a_request_to_stop_and_after_a_kill(tmp_path: Path):
    """Two processes are asked to stop, two more go on and one of them is killed, and one process finishes it."""
    options, stages = planned(tmp_path / "killed")
    store, spec = options.store, stages["dpo seed 1"]
    stopped = ran(options, spec, signal.SIGTERM, to=0, at=STOPPED_IN_STEP)
    assert stopped.status == "interrupted"
    assert stopped.environment["world_size"] == 2
    assert step_of_checkpoint(options, spec) == STOPPED_IN_STEP
    lost = ran(options, spec, signal.SIGKILL, to=1, at=KILLED_IN_STEP - STOPPED_IN_STEP)
    assert lost.status == "failed"
    assert lost.message.startswith("process 1 of 2 ended with exit code -9")
    assert store.record(spec.key) == lost
    assert step_of_checkpoint(options, spec) == KILLED_IN_STEP - 1

    record = execute(spec, store)
    assert (record.status, record.attempts) == ("done", 3)
    assert [each["world_size"] for each in record.resumed_environments] == [2, 2]
    straight, others = planned(tmp_path / "straight")
    assert execute(others["dpo seed 1"], straight.store).status == "done"
    logs = [json_lines(each.store.folder(spec.key) / "train.jsonl") for each in (options, straight)]
    for line, other in zip(*logs, strict=True):
        assert line["loss"] == pytest.approx(other["loss"], abs=1e-6)
    scored = others["score dpo seed 1 on test"]
    rows = []
    for each in (options, straight):
        assert execute(scored, each.store).status == "done"
        rows.append(read_rows(each.store.folder(scored.key)))
    pd.testing.assert_frame_equal(*rows, rtol=0, atol=1e-5, check_exact=False)


def json_lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
