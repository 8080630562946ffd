"""Scoring: the log-probability of every response of a split under one policy, one row per response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd
import torch

from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.scores import Logps
from benchbench.data.tokenized import TokenizedExample
from benchbench.models import load
from benchbench.models.distribution import distribution_quantity
from benchbench.models.logps import policy_layout, response_states, token_logps
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.score.settings import SCORER_VERSION, ScoreSettings
from benchbench.stages.scoring import score_examples
from benchbench.store.rows import write_rows

KEY = ["example", "candidate"]
NO_ROWS = [*KEY, "n_tokens", "logp_sum", "logp_mean", "token_logps"]
"""Columns of a table without a row, such as those of a round that selected nothing."""


def run(context: StageContext[ScoreSettings]) -> Result:
    """Score a split; leaves rows.parquet. Nothing is dropped here: rows are flagged."""
    settings = context.settings
    tokenizer = context.tokenizer()
    dtype = getattr(torch, settings.dtype)
    model = _policy(context, tokenizer).to(context.device).eval()
    load.set_precision(model, dtype)
    tokenized = context.tokenized(tokenizer, on_empty=settings.on_empty_response, keep_all=settings.keep_all)
    check_context(tokenized.examples, model, context.spec.title)
    score = partial(_scored, model, dtype=torch.float32 if settings.bf16 else dtype, entropy=settings.entropy)
    rows: list[dict[str, Any]] = []
    tokens = 0
    layout = policy_layout(model)
    pad = tokenizer.pad_token_id
    for batch, examples, (logps, entropies) in score_examples(
        context, tokenized.examples, score, pad=pad, layout=layout, autocast=settings.bf16
    ):
        rows += _rows(logps, examples, store_tokens=settings.store_tokens, entropies=entropies)
        tokens += batch.token_counts.real
    frame = pd.DataFrame(rows, columns=None if rows else NO_ROWS).sort_values(KEY, ignore_index=True)
    if len(frame) and bool(frame["logp_sum"].isna().all()):
        raise BenchError(
            f"{context.spec.title}: expected log-probabilities, found none of {len(frame)} that is a number (NaN); the "
            "weights or the precision are at fault, and such a policy has no row",
            exit_code=ExitCode.FAILED,
        )
    write_rows(context.folder, frame.assign(scorer_version=SCORER_VERSION))
    return Result(tokens, {"rows": len(frame), "layout": layout.name, "tokenization": asdict(tokenized.report)})


def _policy(context: StageContext[ScoreSettings], tokenizer: Any) -> Any:
    if "policy" in context.spec.inputs:
        return load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=False)
    return load.build_base(context.model_spec(), tokenizer, seed=context.settings.seed)


def _scored(
    model: Any, batch: CandidateBatch, *, dtype: torch.dtype, entropy: bool
) -> tuple[Logps, torch.Tensor | None]:
    """Log-probabilities and, where they are asked for, the entropies at the response's positions, [B, K, T] nats."""
    if not entropy:
        return token_logps(model, batch, dtype=dtype), None
    states = response_states(model, batch)
    return states.logps(dtype), states.placed(distribution_quantity("entropy", states, None, dtype))


def _rows(
    logps: Logps,
    examples: Sequence[TokenizedExample],
    *,
    store_tokens: bool,
    entropies: torch.Tensor | None,
) -> list[dict[str, Any]]:
    token, response = logps.token.cpu(), logps.response.cpu()
    # float32 log-probabilities are summed in float64; a lower precision was asked for and is kept
    sums = (token.double() if token.dtype == torch.float32 else token).sum(dim=-1)
    means = (sums / response.sum(dim=-1).clamp(min=1)).double()
    sums = sums.double()
    per_token = None  # undefined without a token
    if entropies is not None:
        per_token = entropies.cpu().double().sum(dim=-1) / response.sum(dim=-1)
    rows = []
    for b, example in enumerate(examples):
        for k, candidate in enumerate(example.candidates):
            row: dict[str, Any] = {
                "example": example.id,
                "candidate": k,
                "n_tokens": int(response[b, k].sum()),
                "logp_sum": float(sums[b, k]),
                "logp_mean": float(means[b, k]),
                "truncated": candidate.truncated,
                "empty": candidate.empty,
                "overlong": candidate.overlong,
                "identical": example.identical,
            }
            for name, value in example.columns.items():
                row[f"column_{name}"] = value[k] if isinstance(value, tuple) else value
            if per_token is not None:
                row["entropy"] = float(per_token[b, k])
            if store_tokens:
                row["token_logps"] = token[b, k][response[b, k]].float().numpy()
            rows.append(row)
    return rows
