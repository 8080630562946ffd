"""The training loop: one optimizer run, whatever the loss.

Denominators are computed over the whole optimizer step before it is split into microbatches, so in float32
without dropout the microbatch size changes nothing beyond the rounding of sums; elsewhere it is part of the
stage's identity (`recipe.memory`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchbench.batches.microbatches import Budget, Cost, parts
from benchbench.batches.order import plan_batches
from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import BenchError, ExitCode, Interrupted
from benchbench.core.input import Moving
from benchbench.core.records import DIVERGED
from benchbench.core.seeding import torch_seed
from benchbench.data.tokenized import TokenizedExample
from benchbench.recipe.training import LoopRunSection, LoopSection
from benchbench.training.checkpoint import Position, load_checkpoint, read_position, save_checkpoint, trainable
from benchbench.training.gradients import Objective, StepObjective, coupled, piecewise
from benchbench.training.half_steps import HalfSteps
from benchbench.training.log import SilentLog, TrainLog
from benchbench.training.optimizer import Rate, make_optimizer
from benchbench.training.ranks import ALONE, Ranks
from benchbench.training.readout import Readout, read_out
from benchbench.training.rows import RowSource, StepRows
from benchbench.training.schedule import rate_factor, warmup_length
from benchbench.training.sharding import clip_gradients, sharded_layers
from benchbench.training.shortage import HalfUpdatedError, halved_where_short, no_way_back, none_short_alone

HALF_STEPS = "half_steps"
"""Name in a checkpoint."""
MakeBatch = Callable[[Sequence[TokenizedExample], Sequence[TokenizedExample]], CandidateBatch]
"""(examples, of each the example of the step that follows it) -> their batch."""


def _no_draws(examples: Sequence[TokenizedExample]) -> CandidateBatch:
    raise LookupError("nothing is drawn beside the rows of this run")


@dataclass(frozen=True)
class Job:
    """One optimizer run."""

    model: nn.Module
    objective: Objective
    rows: RowSource
    """Where each step's rows come from."""
    make_batch: MakeBatch
    cost: Cost
    """How the tokens of examples are counted."""
    budget: Budget
    """How much goes through the model at once; halved, once, where memory runs out."""
    settings: LoopSection
    """What of a recipe's training section reaches the numbers."""
    run: LoopRunSection
    """Logging and checkpoints."""
    order_seed: int
    """What the data order is drawn from."""
    noise_seed: int
    """What dropout is drawn from."""
    folder: Path
    """The stage's folder: train.jsonl and checkpoint/ go there."""
    report: Callable[[Mapping[str, Any]], None] = lambda event: None
    """Called with progress: step, steps, loss, tokens."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked after each step; true leaves a checkpoint and raises `Interrupted`."""
    moving: Mapping[str, Moving] = field(default_factory=dict)
    """By name, what goes along with the steps and stands in every checkpoint."""
    make_beside: Callable[[Sequence[TokenizedExample]], CandidateBatch] = _no_draws
    """Responses drawn beside a microbatch's examples -> their batch."""
    rates: Mapping[str, Rate] = field(default_factory=dict)
    """Beginning of parameters' names -> their learning rate over that of the others."""
    ranks: Ranks = ALONE
    """The processes of the training; each has a job of its own, which differs in this alone."""
    half_steps: HalfSteps | None = None
    """Takes every second step from where the one before it began, an even number of them; none takes them in turn."""

    @property
    def carried(self) -> Mapping[str, Moving]:
        """All that goes along with the steps."""
        return self.moving if self.half_steps is None else {**self.moving, HALF_STEPS: self.half_steps}


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
            values, tokens = _gradients(job, rows, step)
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


def _pieces(job: Job, rows: StepRows) -> tuple[dict[int, CandidateBatch], list[CandidateBatch]]:
    """The step's microbatches that this process computes, by their number; and those it computes for nothing."""
    examples, following = rows.examples, [*rows.examples[1:], *rows.examples[:1]]
    every = parts(examples, rows.costs, job.cost, job.budget)
    costs = [job.cost.together([rows.costs[i] for i in part]) for part in every]

    def piece_of(part: Sequence[int]) -> CandidateBatch:
        piece = job.make_batch([examples[i] for i in part], [following[i] for i in part])
        beside = [rows.beside[i] for i in part] if rows.beside else None
        return piece if beside is None else replace(piece, fresh=job.make_beside(beside))

    repeated = [piece_of(every[number]) for number in job.ranks.repeated(costs)]
    return {number: piece_of(every[number]) for number in job.ranks.share(costs)}, repeated


def _gradients(job: Job, rows: StepRows, step: int) -> tuple[dict[str, Tensor], int]:
    """The step's clipped gradients on the parameters; the values to log, and its tokens."""
    settings = job.settings
    if not rows.examples:
        nothing = torch.zeros(())
        return {"loss": nothing, "grad_norm": nothing}, 0
    numbered, repeated = _pieces(job, rows)
    numbers, pieces = [*numbered], [*numbered.values()]
    torch.manual_seed(torch_seed(job.noise_seed, f"dropout, step {step}"))
    how = {"divisor": settings.gradient_divisor, "bf16": settings.bf16, "ranks": job.ranks, "repeated": repeated}
    if job.objective.sees_the_step:
        assert isinstance(job.objective, StepObjective), "an objective that sees the step has its scores"
        totals = coupled(job.objective, pieces, noise_seed=job.noise_seed, step=step, numbers=numbers, **how)
    else:
        totals = piecewise(job.objective, pieces, **how)
    job.ranks.add_gradients(trainable(job.model).values())
    norm = clip_gradients(trainable(job.model).values(), settings.max_grad_norm, job.ranks)
    if not job.ranks.is_alone:
        totals, norm = {name: value.cpu() for name, value in totals.items()}, norm.cpu()
    (tokens,) = job.ranks.total([sum(piece.token_counts.real for piece in pieces)])
    return totals | {"grad_norm": norm}, tokens


def _diverged(line: Mapping[str, Any], examples: Sequence[TokenizedExample], step: int) -> BenchError:
    ids = ", ".join(example.id for example in examples[:16]) + (" ..." if len(examples) > 16 else "")
    return BenchError(
        f"{DIVERGED} at step {step + 1}: loss {line['loss']}, gradient norm {line['grad_norm']}, expected "
        f"finite numbers; examples of the step: {ids}; a smaller learning_rate or max_grad_norm is the usual way out",
        exit_code=ExitCode.FAILED,
    )
