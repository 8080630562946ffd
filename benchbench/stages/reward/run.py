"""Rewards: the reward model's number for every response of a split."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import torch

from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import BenchError
from benchbench.models.dropout import dropout_rates, set_dropout
from benchbench.models.layout import layout_of
from benchbench.models.load import seeded
from benchbench.models.logps import unwrap
from benchbench.models.reward_head import RewardModel
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.reward.settings import DropoutSettings, RewardSettings
from benchbench.stages.reward_model.run import load_reward_model
from benchbench.stages.scoring import score_examples
from benchbench.store.rows import write_rows


def run(context: StageContext[RewardSettings]) -> Result:
    """Reward every response of a split; leaves rows.parquet. Nothing is dropped here."""
    settings = context.settings
    tokenizer = context.tokenizer()
    model = load_reward_model(context, "reward_model").to(context.device).eval()
    tokenized = context.tokenized(tokenizer, on_empty=settings.on_empty_response, keep_all=settings.keep_all)
    check_context(tokenized.examples, model.backbone, context.spec.title)
    rows: list[dict[str, Any]] = []
    tokens = 0
    layout = layout_of(unwrap(model.backbone))
    pad = tokenizer.pad_token_id
    score = model if settings.dropout is None else with_dropout(model, settings.dropout, context.spec.title)
    for batch, examples, scored in score_examples(
        context,
        tokenized.examples,
        score,
        pad=pad,
        layout=layout,
        whole=True,
        columns=model.score_columns,
        share=settings.dropout is None,
    ):
        passes = None if settings.dropout is None else scored.cpu()  # [n, B, K]
        rewards = scored.cpu() if passes is None else passes.mean(dim=0)  # [B, K]
        for b, example in enumerate(examples):
            for k in range(len(example.candidates)):
                row = {"example": example.id, "candidate": k, "reward": float(rewards[b, k])}
                rows.append(row if passes is None else row | {"passes": passes[:, b, k].numpy()})
        tokens += batch.token_counts.real
    key = ["example", "candidate"]
    frame = pd.DataFrame(rows, columns=None if rows else [*key, "reward"]).sort_values(key, ignore_index=True)
    write_rows(context.folder, frame)
    return Result(tokens, {"rows": len(frame), "layout": layout.name})


def with_dropout(model: RewardModel, dropout: DropoutSettings, where: str) -> Callable[[CandidateBatch], torch.Tensor]:
    """[n, B, K] rewards of a batch in passes of a reward model with dropout; the model is changed to draw masks.

    Args:
        model: its backbone's probabilities are set where the settings say so.
        dropout: number of passes, seed, and probability.
        where: title of the stage, for messages.

    Raises:
        BenchError: no dropout probability is above 0, so that all passes would be one.
    """
    if dropout.rate is not None:
        set_dropout(model.backbone, dropout.rate)
    rates = dropout_rates(model.backbone)
    if not any(rates):
        there = f"{len(rates)} that are 0" if rates else "none"
        ways = "name a probability with `dropout` beside `passes`" if rates else "take reward_model.ensemble instead"
        raise BenchError(
            f"{where}: expected a reward model with a dropout probability above 0, found {there}, so all passes "
            f"would be the same; {ways}"
        )
    model.train()
    return partial(_passes, model, dropout)


def _passes(model: RewardModel, dropout: DropoutSettings, batch: CandidateBatch) -> torch.Tensor:
    """[n, B, K] rewards of a batch in n passes; masks are drawn from the seed, the pass and the first example."""
    rewards: list[torch.Tensor] = []
    for number in range(dropout.passes):
        with seeded(dropout.seed, f"dropout, pass {number}, example {batch.ids[0]}"):
            rewards.append(model(batch))
    return torch.stack(rewards)
