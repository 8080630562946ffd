"""Processes that train together, started once for a file of tests; each is sent the cases that it has to run."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from benchbench.core.errors import Interrupted
from benchbench.run import local
from benchbench.training.ranks import Ranks, joined_ranks

Case = Callable[..., Any]
"""(ranks, arguments) -> what the process answers with; a function of a module, since processes know it by name."""


def serve(pipe: Connection, number: int, world: int, meeting: str) -> None:
    """Run cases until the pipe closes."""
    torch.set_num_threads(1)
    with joined_ranks(number, world, device="cpu", meeting=Path(meeting)) as ranks:
        while True:
            try:
                case, arguments = pipe.recv()
            except (EOFError, OSError):
                return
            try:
                pipe.send(("value", case(ranks, **arguments)))
            except Interrupted:
                pipe.send(("value", "interrupted"))
            except Exception:
                pipe.send(("error", traceback.format_exc()))


class Group:
    """Some processes, and what they answer."""

    def __init__(self, world: int, meeting: Path) -> None:
        self.pipes, self.processes = [], []
        for number in range(world):
            ours, other_end = local.PROCESSES.Pipe()
            process = local.PROCESSES.Process(target=serve, args=(other_end, number, world, str(meeting)), daemon=True)
            process.start()
            other_end.close()
            self.pipes.append(ours)
            self.processes.append(process)

    def run(self, case: Case, **arguments: Any) -> list[Any]:
        """What each process answers, in their order."""
        for pipe in self.pipes:
            pipe.send((case, arguments))
        answers = [pipe.recv() if pipe.poll(60) else ("error", "no answer after a minute") for pipe in self.pipes]
        for kind, value in answers:
            assert kind == "value", value
        return [value for _, value in answers]

    def close(self) -> None:
        """End the processes."""
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join(5)
            process.kill()


@contextmanager
def group(world: int, folder: Path) -> Iterator[Group]:
    """So many processes, until the end of the block."""
    processes = Group(world, folder / "meeting")
    try:
        yield processes
    finally:
        processes.close()


def lines(folder: Path) -> list[dict[str, float]]:
    """Every line of a run's log."""
    return [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]


def train_case(
    ranks: Ranks, *, folder: str, make: Callable[..., Any], stop_after: int = 0, shards: bool = False, **options: Any
) -> Any:
    """Train what `make` makes in a folder that all processes share; the weights at the end."""
    from dataclasses import replace

    from benchbench.training.loop import train

    from .toys import after, weights

    run = make(Path(folder), **options)
    stop = after(stop_after) if stop_after else (lambda: False)
    train(replace(run.job, ranks=replace(ranks, shards=shards and not ranks.is_alone), should_stop=stop))
    return {name: value.numpy() for name, value in weights(run.job.model).items()}
