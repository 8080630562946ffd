"""The one loop without gradients: every response of a list of examples through a model, longest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import Interrupted
from benchbench.data.tokenized import TokenizedExample
from benchbench.stages.context import StageContext

Scored = tuple[CandidateBatch, Sequence[TokenizedExample], Any]
"""A batch, its examples, and what the model came to."""


def score_examples(
    context: StageContext[Any],
    examples: Sequence[TokenizedExample],
    score: Callable[[CandidateBatch], Any],
    *,
    pad: int,
    autocast: bool = False,
) -> Iterator[Scored]:
    """Every example once, in batches of similar length, longest first, so that memory runs out at once or never.

    Args:
        context: of the stage; gives batch size, device, progress and the request to stop.
        examples: examples without a response token are let through.
        score: what is computed of a batch, such as log-probabilities.
        pad: token id of padding.
        autocast: run the forward pass in bfloat16 autocast.

    Raises:
        Interrupted: the stage was asked to stop; scoring starts over next time.
    """
    parts = batches_by_length(examples, context.run.per_device_eval_batch_size)
    done = 0
    for number, part in enumerate(parts, start=1):
        if context.should_stop():
            raise Interrupted
        batch = collate(part, pad=pad, device=context.device, allow_empty=True)
        with torch.no_grad(), torch.autocast(context.device.type, dtype=torch.bfloat16, enabled=autocast):
            scores: Tensor | Any = score(batch)
        yield batch, part, scores
        done += int(batch.attention.sum())
        context.report({"step": number, "steps": len(parts), "tokens": done})


def batches_by_length(examples: Sequence[TokenizedExample], size: int) -> list[Sequence[TokenizedExample]]:
    """The examples in parts of at most `size`, each of one number of candidates, the longest first."""
    order = sorted(examples, key=lambda e: (-len(e.candidates), -max(len(c.tokens) for c in e.candidates), e.id))
    parts: list[Sequence[TokenizedExample]] = []
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and stop - start < size and len(order[stop].candidates) == len(order[start].candidates):
            stop += 1
        parts.append(order[start:stop])
        start = stop
    return parts
