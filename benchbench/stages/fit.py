"""One training run inside a stage: the loop, the record and the clean-up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import nn

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.method import Candidates, Method
from benchbench.data.tokenized import Tokenized, TokenizedExample
from benchbench.models.load import disable_dropout, use_checkpointing
from benchbench.stages.context import Result, StageContext
from benchbench.training.loop import Job, Objective, train

MakeBatch = Callable[[Sequence[TokenizedExample]], CandidateBatch]


def policy_batches(
    context: StageContext[Any], tokenizer: Any, method: Method, *, allow_empty: bool = False
) -> MakeBatch:
    """How a method's batches are made."""
    return partial(
        collate,
        pad=tokenizer.pad_token_id,
        device=context.device,
        columns=method.column_names,
        candidates=1 if method.candidates is Candidates.ONE else None,
        allow_empty=allow_empty,
    )


def fit(
    context: StageContext[Any], model: nn.Module, objective: Objective, tokenized: Tokenized, make_batch: MakeBatch
) -> Result:
    """Train to the end; the caller saves the model."""
    settings, run = context.settings.training, context.run.training
    model.to(context.device)
    if settings.disable_dropout:
        disable_dropout(model)
    if run.gradient_checkpointing:
        use_checkpointing(getattr(model, "backbone", model))
    outcome = train(
        Job(
            model=model,
            objective=objective,
            examples=tokenized.examples,
            make_batch=make_batch,
            settings=settings,
            run=run,
            order_seed=context.settings.order_seed,
            noise_seed=context.settings.order_seed,
            folder=context.folder,
            report=context.report,
            should_stop=context.should_stop,
        )
    )
    summary = {"steps": outcome.steps, "examples": len(tokenized.examples), "last": dict(outcome.last)}
    return Result(outcome.tokens, summary | {"tokenization": asdict(tokenized.report)})
