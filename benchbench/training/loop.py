"""The training loop: one optimizer run, whatever the loss.

Denominators are computed over the whole optimizer step before it is split into microbatches, so in float32
without dropout the microbatch size changes nothing beyond the rounding of sums; elsewhere it is part of the
stage's identity (`recipe.memory`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from benchbench.batches.order import plan_batches
from benchbench.core.errors import BenchError, ExitCode, Interrupted
from benchbench.core.records import DIVERGED
from benchbench.data.tokenized import TokenizedExample
from benchbench.training.checkpoint import Position, load_checkpoint, read_position, save_checkpoint, trainable
from benchbench.training.job import Job
from benchbench.training.log import SilentLog, TrainLog
from benchbench.training.optimizer import Rate, make_optimizer
from benchbench.training.readout import Readout, read_out
from benchbench.training.rows import StepRows
from benchbench.training.schedule import rate_factor, warmup_length
from benchbench.training.sharding import sharded_layers
from benchbench.training.shortage import HalfUpdatedError, halved_where_short, no_way_back, none_short_alone
from benchbench.training.step_gradients import gradients_of_step


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    steps: int
    tokens: int
    last: Mapping[str, float]
    """The last logged line."""
    seconds: float = field(default=0.0, compare=False)
    """Wall time of all attempts together; two runs that came to the same are equal, however long they took."""


def train(job: Job) -> Outcome:
    """Run to the last step, from the checkpoint if there is one.

    Raises:
        BenchError: a loss or gradient that is not finite; the message has the step and the examples. Or memory ran out
            halfway through the first update, of which no checkpoint has the beginning.
        Interrupted: asked to stop.
    """
    with sharded_layers(job.model, job.ranks):
        try:
            return _train(job)
        except HalfUpdatedError:
            if read_position(job.folder / "checkpoint") is None:
                raise no_way_back(job.budget.halved_at_step or 1, job.budget) from None
        return _train(job)


def _train(job: Job) -> Outcome:
    settings = job.settings
    steps = job.rows.steps(settings)
    batches = plan_batches(
        job.rows.lengths(),
        batch=settings.global_batch_size,
        steps=steps,
        seed=job.order_seed,
        order=settings.data_order,
        length_window=settings.length_window,
    )
    optimizer = make_optimizer(job.model, settings, job.rates)
    start = load_checkpoint(job.folder / "checkpoint", job.model, optimizer, job.carried, job.ranks) or Position(0, 0)
    begun = time.monotonic() - start.seconds
    warmup = warmup_length(steps, warmup_steps=settings.warmup_steps, warmup_ratio=settings.warmup_ratio)
    tokens = start.tokens
    # numbers of several processes are on the host when they have been added up
    late = next(iter(trainable(job.model).values())).device.type == "cuda" and job.ranks.is_alone
    lines = _Lines(late=late)
    job.ranks.require_equal_weights(trainable(job.model), f"before step {start.step + 1}")
    path = job.folder / "train.jsonl"
    with TrainLog(path, resume_at=start.step) if job.ranks.is_first else SilentLog() as log:

        def take(ended: _Step) -> None:
            nonlocal tokens
            tokens += ended.tokens
            line = ended.read() | {"step": ended.step + 1, "num_tokens": tokens, "learning_rate": ended.rate}
            if ended.step + 1 == steps or (ended.step + 1) % job.run.logging_steps == 0:
                log.write(line)
            event = {"step": ended.step + 1, "steps": steps, "loss": line["loss"], "tokens": tokens - start.tokens}
            job.report(event)

        for step in range(start.step, steps):
            rate = settings.learning_rate * rate_factor(
                step, steps=steps, warmup=warmup, kind=settings.lr_scheduler_type
            )
            rows = job.rows.of_step(step, batches)
            for ended in lines.add(_step(job, optimizer, rows, rate=rate, step=step, late=late)):
                take(ended)
            final = step + 1 == steps
            stopping = job.ranks.from_first(job.should_stop)
            if final or stopping or (step + 1) % job.run.save_steps == 0:
                for ended in lines.rest():
                    take(ended)
            if stopping or (not final and (step + 1) % job.run.save_steps == 0):
                job.ranks.require_equal_weights(trainable(job.model), f"after step {step + 1}")
                position = Position(step + 1, tokens, time.monotonic() - begun, *log.state())
                save_checkpoint(job.folder / "checkpoint", job.model, optimizer, position, job.carried, job.ranks)
            if stopping:
                raise Interrupted
        job.ranks.require_equal_weights(trainable(job.model), f"after step {steps}")
        return Outcome(steps=steps, tokens=tokens, last=log.last, seconds=time.monotonic() - begun)


@dataclass(frozen=True)
class _Step:
    """What one optimizer step came to, still on the device."""

    step: int
    rate: float
    tokens: int
    values: Readout
    rows: StepRows

    def read(self) -> dict[str, Any]:
        """The numbers to log.

        Raises:
            BenchError: a loss or gradient that is not finite.
        """
        line = self.values.read() | dict(self.rows.facts)
        if not (math.isfinite(line["loss"]) and math.isfinite(line["grad_norm"])):
            raise _diverged(line, self.rows.examples, self.step)
        return line


class _Lines:
    """Steps whose numbers were not read yet.

    On a card they are read one step late, when the next step is under way: reading them at once would wait for the card
    and leave it idle until the next step is sent.
    """

    def __init__(self, *, late: bool) -> None:
        self._late = late
        self._waiting: list[_Step] = []

    def add(self, step: _Step) -> list[_Step]:
        """The steps to read, now that this one was sent."""
        self._waiting.append(step)
        return self.rest(keep=1 if self._late else 0)

    def rest(self, *, keep: int = 0) -> list[_Step]:
        """The steps to read, all but the last so many."""
        cut_at = len(self._waiting) - keep
        ready, self._waiting = self._waiting[:cut_at], self._waiting[cut_at:]
        return ready


def _step(job: Job, optimizer: torch.optim.Optimizer, rows: StepRows, *, rate: float, step: int, late: bool) -> _Step:
    """One optimizer step over all microbatches; checked before the weights change, but where it is read late."""
    half_steps = job.half_steps

    def attempt() -> _Step:
        with none_short_alone(job.ranks, job.budget, step=step):
            values, tokens = gradients_of_step(job, rows, step)
            ended = _Step(step, rate, tokens, read_out(values), rows)
            if not late:
                ended.read()
            if half_steps is not None:
                half_steps.before_update(step, job.model, optimizer)
            optimizer.step()
        return ended

    job.model.train()
    for group in optimizer.param_groups:
        share: Rate = group["rate"]
        group["lr"] = rate * (share if isinstance(share, (int, float)) else share())
    ended = halved_where_short(
        attempt,
        optimizer,
        job.budget,
        step=step,
        say=lambda line: job.report({"message": line}),
        has_moved=None if half_steps is None else lambda: half_steps.has_moved(step, optimizer),
    )
    for moving in job.carried.values():
        moving.end_step(step + 1, job.model)
    optimizer.zero_grad(set_to_none=True)
    return ended


def _diverged(line: Mapping[str, Any], examples: Sequence[TokenizedExample], step: int) -> BenchError:
    ids = ", ".join(example.id for example in examples[:16]) + (" ..." if len(examples) > 16 else "")
    return BenchError(
        f"{DIVERGED} at step {step + 1}: loss {line['loss']}, gradient norm {line['grad_norm']}, expected "
        f"finite numbers; examples of the step: {ids}; a smaller learning_rate or max_grad_norm is the usual way out",
        exit_code=ExitCode.FAILED,
    )
