"""The one loop without gradients: every response of a list of examples through a model, longest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from benchbench.batches.costs import costs_of, longest_first
from benchbench.batches.microbatches import Cost, budget_for, cut, free_memory, is_out_of_memory
from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import Interrupted
from benchbench.data.tokenized import TokenizedExample
from benchbench.models.layout import Layout
from benchbench.stages.context import StageContext

Scored = tuple[CandidateBatch, Sequence[TokenizedExample], Any]
"""A batch, its examples, and what the model came to."""


def score_examples(
    context: StageContext[Any],
    examples: Sequence[TokenizedExample],
    score: Callable[[CandidateBatch], Any],
    *,
    pad: int,
    layout: Layout,
    whole: bool = False,
    autocast: bool = False,
    columns: Sequence[str] = (),
    share: bool = True,
) -> Iterator[Scored]:
    """Every example once, in batches of similar length, longest first, so that memory runs out at once or never.

    Args:
        context: of the stage; gives batch size, device, progress and the request to stop.
        examples: examples without a response token are let through.
        score: what is computed of a batch, such as log-probabilities.
        pad: token id of padding.
        layout: of rows, as the model takes them.
        whole: every token is an input, not only those that a scored one needs.
        autocast: run the forward pass in bfloat16 autocast.
        columns: names of the data's columns that the score reads.
        share: what an example's candidates share is an input once, which with dropout would have one mask for all.

    Raises:
        BenchError: an example that is longer than the recipe's `tokens_per_microbatch`.
        Interrupted: the stage was asked to stop; scoring starts over next time.
    """
    if not examples:
        return
    cost = Cost(packed=layout.packed, share=share, whole=whole)
    every = costs_of(cost, examples)
    budget = budget_for(
        examples,
        every,
        tokens=context.run.tokens_per_microbatch,
        most=context.run.per_device_eval_batch_size,
        device_kind=context.device.type,
        where=f"{context.spec.title}: score.tokens_per_microbatch",
        may_be_halved=context.has_whole_device,
    )
    ordered = longest_first(examples, every)
    costs = [every[i] for i in ordered]
    start = tokens = done = 0
    while start < len(ordered):
        if context.should_stop():
            raise Interrupted
        nearest = [examples[i] for i in ordered[start : start + budget.examples]]
        alike = sum(len(example.candidates) == len(nearest[0].candidates) for example in nearest)
        stop = start + next(cut(costs[start : start + alike], cost, budget)).stop
        part = nearest[: stop - start]
        batch = collate(
            part, pad=pad, device=context.device, columns=columns, allow_empty=True, share=share, whole=whole
        )
        try:
            scores = _without_gradient(score, batch, autocast)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0][:120]
            if not is_out_of_memory(error) or not budget.halve(step=done + 1, reason=reason):
                raise
            scores = None
        if scores is None:
            free_memory()
            context.report({"message": f"out of memory while scoring; going on with {budget.tokens} tokens at once"})
            continue
        yield batch, part, scores
        start, tokens, done = stop, tokens + batch.token_counts.real, done + 1
        context.report({"step": stop, "steps": len(ordered), "tokens": tokens})


def _without_gradient(score: Callable[[CandidateBatch], Any], batch: CandidateBatch, autocast: bool) -> Tensor | Any:
    with torch.no_grad(), torch.autocast(batch.tokens.device.type, dtype=torch.bfloat16, enabled=autocast):
        return score(batch)
