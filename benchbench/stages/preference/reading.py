"""What a preference stage is trained on: a split's examples, made rows, or what its policy draws meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchbench.core.method import Method, Need
from benchbench.data.tokenized import Tokenized
from benchbench.stages.context import StageContext, check_context
from benchbench.stages.fit import BatchMaker, policy_batches
from benchbench.stages.preference.columns import check_columns
from benchbench.stages.preference.drawn_rows import BesideRows, OnlineRows
from benchbench.stages.preference.labelling import SCORE
from benchbench.stages.preference.online import beside_rows, online_rows
from benchbench.stages.preference.prompts import as_rows, read_prompts
from benchbench.stages.preference.settings import PreferenceSettings


def read_rows(
    context: StageContext[PreferenceSettings], method: Method, model: Any, tokenizer: Any, head: Any = None
) -> tuple[Tokenized, BatchMaker, OnlineRows | BesideRows | None]:
    """What the stage is trained on: its examples, how they become batches, and what draws meanwhile, if anything.

    Args:
        context: of the stage.
        method: that is trained.
        model: the policy.
        tokenizer: the stage's own.
        head: that is trained beside the policy, where the method has one.
    """
    settings, online = context.settings, context.settings.online
    if online is not None and online.draws_rows:
        prompts = read_prompts(context, tokenizer)
        make_batch = policy_batches(context, tokenizer, model, method, allow_empty=True)
        columns = (*method.column_names, *((SCORE,) if method.need(Need.REWARD.name) else ()))
        make_batch = replace(make_batch, columns=tuple(dict.fromkeys(columns)))
        rows = online_rows(context, method, model, tokenizer, make_batch, prompts, head)
        return as_rows(prompts, len(context.examples())), make_batch, rows
    on_empty = settings.on_empty_response
    tokenized = context.tokenized(tokenizer, on_empty=on_empty)
    check_context(tokenized.examples, model, context.spec.title)
    if settings.data.made_by is not None:
        check_columns(tokenized.examples, method.columns, where=context.spec.title)
    make_batch = policy_batches(context, tokenizer, model, method, allow_empty=on_empty == "keep_constant")
    if online is None or (settings.data.tokens and not tokenized.examples):  # a round may have left no row
        return tokenized, make_batch, None
    return tokenized, make_batch, beside_rows(context, method, model, tokenizer, make_batch, tokenized)
