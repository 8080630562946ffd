"""Processes that run stages together: the first of them is a worker like any, and the others follow it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.run.worker import Throttled, begin_process

if TYPE_CHECKING:
    from benchbench.training.ranks import Ranks

EXECUTOR, SHARDING = "torchrun", "torchrun, layers sharded"
"""What records say of stages that these processes run."""
LOOPBACK = "lo"
"""The network of this machine alone, over which its processes speak: the host's name may lead to no address."""


def work_together(
    pipe: Connection, root: str, device: str, threads: int, number: int, world: int, meeting: str, shards: bool
) -> None:
    """Serve stages from the pipe until it closes, as one of several processes.

    The first is sent stages as plain values, each with the engine that drew the run's other responses, how many
    processes it takes, and the cards that its engine is spread over, if it is, and answers as `run.worker.work` does;
    before a stage's own code runs on several it says ("begin", stage). The others are sent that stage then, and answer
    ("followed", none) or ("fault", why). SIGTERM asks the first for a checkpoint, after a step that all have done; the
    others do what it decides.

    Args:
        pipe: to the parent.
        root: the `runs/` folder.
        device: this process's own, to its end: `cpu` or `cuda:N`.
        threads: CPU threads.
        number: of this process, from 0.
        world: how many there are.
        meeting: a file that is not there yet, by which they find each other.
        shards: whether each of them keeps only its part of every decoder layer.
    """
    if Path("/sys/class/net", LOOPBACK).exists():
        os.environ.setdefault("GLOO_SOCKET_IFNAME", LOOPBACK)
    should_stop = begin_process(device, threads)
    from benchbench.training.ranks import joined_ranks

    with joined_ranks(number, world, device=device, meeting=Path(meeting), shards=shards) as ranks:
        if ranks.is_first:
            lead(pipe, Path(root), device, ranks, should_stop, begin=lambda values: pipe.send(("begin", values)))
        else:
            _follow(pipe, Path(root), device, ranks)


def lead(
    pipe: Connection,
    root: Path,
    device: str,
    ranks: Ranks,
    should_stop: Callable[[], bool],
    *,
    begin: Callable[[Any], object],
) -> None:
    """Serve stages from the pipe until it closes, as the first of several processes.

    Args:
        pipe: to the parent.
        root: the `runs/` folder.
        device: this process's own.
        ranks: this process and the others.
        should_stop: asked between steps.
        begin: tells the others of a stage, as plain values, that they have to follow.
    """
    from benchbench import inputs
    from benchbench.core.records import StageRecord, StageSpec
    from benchbench.generation.engine_cache import EngineCache
    from benchbench.stages import settings_class
    from benchbench.stages.environment import environment
    from benchbench.stages.execute import execute
    from benchbench.stages.settings import TrainingSettings
    from benchbench.store.leases import LeaseLostError
    from benchbench.store.runs import RunStore
    from benchbench.training.ranks import ALONE

    store = RunStore(root)
    with EngineCache() as engines:
        while True:
            try:
                values, run_engine, processes, spread = pipe.recv()
            except (EOFError, OSError):
                return
            engines.pin(run_engine)
            engines.devices = tuple(spread or ())
            together = processes > 1

            def tell(values: object = values, *, together: bool = together) -> None:
                if together:
                    begin(values)

            spec = StageSpec.from_json(values)
            shards = together and ranks.shards and issubclass(settings_class(spec.kind), TrainingSettings)
            executor = SHARDING if shards else EXECUTOR
            try:
                record = execute(
                    spec,
                    store,
                    device=device,
                    report=Throttled(pipe),
                    should_stop=should_stop,
                    engines=engines,
                    input_of=inputs.get,
                    ranks=ranks if together else ALONE,
                    executor=executor,
                    begin=tell,
                )
            except LeaseLostError as error:  # the stage's folder is another process's; the group ends with this one
                here = environment(device, executor=executor, world_size=ranks.world)
                summary = {"exit_code": int(error.exit_code)}
                with suppress(OSError):
                    pipe.send(("done", StageRecord(spec.key, "failed", here, message=str(error), summary=summary)))
                return
            try:
                pipe.send(("done", record))
            except OSError:
                return


def _follow(pipe: Connection, root: Path, device: str, ranks: Ranks) -> None:
    from benchbench import inputs
    from benchbench.core.errors import BenchError, Interrupted
    from benchbench.core.records import StageSpec
    from benchbench.generation.engine_cache import EngineCache
    from benchbench.stages.execute import follow
    from benchbench.store.runs import RunStore

    with EngineCache() as engines:
        while True:
            try:
                spec = StageSpec.from_json(pipe.recv())
            except (EOFError, OSError):
                return
            answer = ("followed", "")
            try:
                with suppress(Interrupted):
                    how = {"device": device, "ranks": ranks, "engines": engines}
                    follow(spec, RunStore(root), input_of=inputs.get, **how)
            except BenchError as error:
                answer = ("fault", str(error))
            except Exception:
                answer = ("fault", traceback.format_exc())
            try:
                pipe.send(answer)
            except OSError:
                return
