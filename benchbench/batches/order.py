"""Which examples each optimizer step sees; fixed before training starts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchbench.core.seeding import stream

Batches = list[list[int]]
"""Example indices of each optimizer step."""


def steps_in_epoch(examples: int, batch: int) -> int:
    """Optimizer steps of one pass; a last, smaller batch counts."""
    return math.ceil(examples / batch)


def total_steps(examples: int, batch: int, *, epochs: float, max_steps: int | None) -> int:
    """Optimizer steps of the whole run; `max_steps` decides where it is given."""
    return max_steps if max_steps is not None else math.ceil(epochs * steps_in_epoch(examples, batch))


def plan_batches(
    lengths: Sequence[int], *, batch: int, steps: int, seed: int, order: str, length_window: int
) -> Batches:
    """Example indices of every step.

    Args:
        lengths: tokens of each example; only their order within a window matters.
        batch: examples per step.
        steps: number of steps.
        seed: what the order is drawn from; the same seed gives every method the same order.
        order: `shuffled`, `hf_seedable` or `sequential`.
        length_window: batches whose examples are sorted by length among themselves; 1 leaves the order alone.
    """
    planned: Batches = []
    epoch = 0
    while len(planned) < steps:
        rng = stream(seed, f"data order, epoch {epoch}")
        indices = _epoch_order(len(lengths), order=order, seed=seed, epoch=epoch, rng=rng)
        planned += _cut(indices, lengths, batch, length_window, rng)
        epoch += 1
    return planned[:steps]


def _epoch_order(count: int, *, order: str, seed: int, epoch: int, rng: np.random.Generator) -> list[int]:
    if order == "sequential":
        return list(range(count))
    if order == "hf_seedable":
        import torch

        generator = torch.Generator().manual_seed(seed + epoch)
        return torch.randperm(count, generator=generator).tolist()
    return rng.permutation(count).tolist()


def _cut(indices: list[int], lengths: Sequence[int], batch: int, window: int, rng: np.random.Generator) -> Batches:
    """Cut an epoch's order into batches, sorted by length within windows of batches."""
    if window == 1:
        return [indices[i : i + batch] for i in range(0, len(indices), batch)]
    cut: Batches = []
    for start in range(0, len(indices), window * batch):
        part = sorted(indices[start : start + window * batch], key=lambda i: lengths[i])
        batches = [part[i : i + batch] for i in range(0, len(part), batch)]
        cut += [batches[i] for i in rng.permutation(len(batches))]
    return cut
