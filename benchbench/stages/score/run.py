"""Scoring: the log-probability of every response of a split under one policy, one row per response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import Interrupted
from benchbench.core.scores import Logps
from benchbench.data.tokenized import TokenizedExample
from benchbench.models import load
from benchbench.models.logps import token_logps
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.versions import VERSIONS
from benchbench.store.rows import write_rows


def run(context: StageContext) -> Result:
    """Score a split; leaves rows.parquet. Nothing is dropped here: rows are flagged."""
    settings = context.settings
    tokenizer = context.tokenizer()
    dtype = getattr(torch, settings["dtype"])
    model = _policy(context, tokenizer).to(context.device).eval()
    load.set_precision(model, dtype)
    keep_all = settings["keep_all"]
    tokenized = context.tokenized(tokenizer, on_empty=settings["on_empty_response"], keep_all=keep_all)
    check_context(tokenized.examples, model, context.spec.title)
    rows: list[dict[str, Any]] = []
    tokens = 0
    for batch, examples in batches(context, tokenized.examples, tokenizer.pad_token_id):
        with torch.no_grad(), _autocast(context, settings["bf16"]):
            logps = token_logps(model, batch, dtype=torch.float32 if settings["bf16"] else dtype)
        rows += _rows(logps, examples, store_tokens=settings["store_tokens"])
        tokens += int(batch.attention.sum())
    frame = pd.DataFrame(rows).sort_values(["example", "candidate"], ignore_index=True)
    write_rows(context.folder, frame.assign(scorer_version=VERSIONS["score"]))
    return Result(tokens, {"rows": len(frame), "tokenization": asdict(tokenized.report)})


def _policy(context: StageContext, tokenizer: Any) -> Any:
    if "policy" in context.spec.inputs:
        return load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=False)
    return load.build_base(context.model_spec(), tokenizer, seed=context.settings["seed"])


def batches(
    context: StageContext, examples: Sequence[TokenizedExample], pad: int
) -> Iterator[tuple[CandidateBatch, Sequence[TokenizedExample]]]:
    """Batches of similar length, longest first so that memory runs out at once or never.

    Raises:
        Interrupted: the stage was asked to stop; scoring starts over next time.
    """
    size = context.spec.run["per_device_eval_batch_size"]
    order = sorted(examples, key=lambda e: (-len(e.candidates), -max(len(c.tokens) for c in e.candidates), e.id))
    starts, seen = [], 0
    while seen < len(order):
        stop = seen + 1
        while stop < len(order) and stop - seen < size and len(order[stop].candidates) == len(order[seen].candidates):
            stop += 1
        starts.append((seen, stop))
        seen = stop
    done = 0
    for number, (start, stop) in enumerate(starts):
        if context.should_stop():
            raise Interrupted
        part = order[start:stop]
        batch = collate(part, pad=pad, device=context.device, allow_empty=True)
        yield batch, part
        done += int(batch.attention.sum())
        context.report({"step": number + 1, "steps": len(starts), "tokens": done})


def _rows(logps: Logps, examples: Sequence[TokenizedExample], *, store_tokens: bool) -> list[dict[str, Any]]:
    token, response = logps.token.cpu(), logps.response.cpu()
    # float32 log-probabilities are summed in float64; a lower precision was asked for and is kept
    sums = (token.double() if token.dtype == torch.float32 else token).sum(dim=-1)
    means = (sums / response.sum(dim=-1).clamp(min=1)).double()
    sums = sums.double()
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
            if store_tokens:
                row["token_logps"] = token[b, k][response[b, k]].float().numpy()
            rows.append(row)
    return rows


def _autocast(context: StageContext, bf16: bool) -> Any:
    return torch.autocast(context.device.type, dtype=torch.bfloat16) if bf16 else nullcontext()
