"""The gradient of one optimizer step on the weights, over all of its microbatches and processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from benchbench.batches.microbatches import parts
from benchbench.core.batch import CandidateBatch
from benchbench.core.seeding import torch_seed
from benchbench.training.checkpoint import trainable
from benchbench.training.gradients import StepObjective, coupled, piecewise
from benchbench.training.job import Ascent, Job
from benchbench.training.rows import StepRows
from benchbench.training.sharding import clip_gradients

Sums = tuple[dict[str, Tensor], int]
"""Values to log, and tokens of all processes."""


def gradients_of_step(job: Job, rows: StepRows, step: int) -> Sums:
    """The step's clipped gradients on the parameters; the values to log, and its tokens.

    Args:
        job: of the run.
        rows: of the step.
        step: from 0.
    """
    if not rows.examples:
        nothing = torch.zeros(())
        return {"loss": nothing, "grad_norm": nothing}, 0
    if job.ascent is None:
        totals, tokens = _summed(job, rows, step, divisor=job.settings.gradient_divisor)
    else:
        with _climbed(job, job.ascent, step) as (climb, further):
            totals, tokens = _summed(job, rows, step, divisor=job.settings.gradient_divisor)
        totals, tokens = totals | {"ascent": climb["loss"]}, tokens + further
    norm = clip_gradients(trainable(job.model).values(), job.settings.max_grad_norm, job.ranks)
    if not job.ranks.is_alone:
        totals, norm = {name: value.cpu() for name, value in totals.items()}, norm.cpu()
    return totals | {"grad_norm": norm}, tokens


@contextmanager
def _climbed(job: Job, ascent: Ascent, step: int) -> Iterator[Sums]:
    """The weights moved up by one step of gradient ascent, without gradients; put back at the end, whatever happens."""
    weights = trainable(job.model)
    rows = ascent.rows.of_step(step, ascent.batches)
    sums = _summed(replace(job, objective=ascent.objective), rows, step, divisor=1.0, what="ascent, ")
    begun = {name: weight.detach().clone() for name, weight in weights.items()}
    try:
        with torch.no_grad():
            for weight in weights.values():
                if weight.grad is not None:
                    weight.add_(weight.grad, alpha=ascent.rate)
                weight.grad = None
        yield sums
    finally:
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(begun[name])


def _summed(job: Job, rows: StepRows, step: int, *, divisor: float, what: str = "") -> Sums:
    """The gradients of a step's rows added up over microbatches and processes."""
    numbered, repeated = _pieces(job, rows)
    numbers, pieces = [*numbered], [*numbered.values()]
    torch.manual_seed(torch_seed(job.noise_seed, f"dropout, {what}step {step}"))
    how = {"divisor": divisor, "bf16": job.settings.bf16, "ranks": job.ranks, "repeated": repeated}
    if job.objective.sees_the_step:
        assert isinstance(job.objective, StepObjective), "an objective that sees the step has its scores"
        totals = coupled(job.objective, pieces, noise_seed=job.noise_seed, step=step, numbers=numbers, **how)
    else:
        totals = piecewise(job.objective, pieces, **how)
    job.ranks.add_gradients(trainable(job.model).values())
    (tokens,) = job.ranks.total([sum(piece.token_counts.real for piece in pieces)])
    return totals, tokens


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
