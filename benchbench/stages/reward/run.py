"""Rewards: the reward model's number for every response of a split."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchbench.models.layout import layout_of
from benchbench.models.logps import unwrap
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.reward.settings import RewardSettings
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
    for batch, examples, scored in score_examples(
        context, tokenized.examples, model, pad=pad, layout=layout, whole=True, columns=model.score_columns
    ):
        rewards = scored.cpu()  # [B, K]
        for b, example in enumerate(examples):
            rows += [
                {"example": example.id, "candidate": k, "reward": float(rewards[b, k])}
                for k in range(len(example.candidates))
            ]
        tokens += batch.token_counts.real
    frame = pd.DataFrame(rows).sort_values(["example", "candidate"], ignore_index=True)
    write_rows(context.folder, frame)
    return Result(tokens, {"rows": len(frame), "layout": layout.name})
