"""Responses to prompts that a model should refuse, or should not: shared by exhibits of this room."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchbench.comparison.refusals import refuses
from benchbench.comparison.stats.bounded import rate_interval
from benchbench.core.analysis import Row, RowField, RowsInput
from benchbench.core.errors import BenchError

RESPONSE_FIELDS = (
    RowField("example", "label", "Id of the prompt."),
    RowField("text", "text", "What the model said; read where there is no verdict.", optional=True),
    RowField("refused", "number", "A judge's verdict: 1 where it refused, 0 where it complied.", optional=True),
)
RESPONSES = RowsInput(
    "responses", "A response, as in the generations.jsonl of `bench eval --prompts`.", RESPONSE_FIELDS, rest=True
)
PROMPT_ID = RowField("id", "label", "As `example` in the responses.")
HARMLESS = RowField("harmless", "number", "1 where it should be answered, 0 where refused (default).", optional=True)
BY_RULE = "refusals are by our rule of phrases: what does not say it refuses counts as success, useful or not"
ASR = "attack success: share of responses to harmful prompts that do not refuse; low, high: Wilson's 95% over prompts"


def refusal_rates(rows: Sequence[Row]) -> tuple[Mapping[str, float], list[str]]:
    """Id of each prompt -> share of its responses that refuse, and a note where the rule decided.

    Raises:
        BenchError: verdicts outside [0, 1], or responses without a verdict and without a text.
    """
    judged = [row for row in rows if row.get("refused") is not None]
    if len(judged) not in (0, len(rows)):
        raise BenchError(
            f"responses: expected `refused` in all rows or in none, found it in {len(judged)} of {len(rows)}"
        )
    if any(not 0 <= row["refused"] <= 1 for row in judged):
        raise BenchError("responses: column 'refused': expected numbers in [0, 1], found others")
    if not judged and any(row.get("text") is None for row in rows):
        raise BenchError("responses: expected a text or a verdict `refused` in every row, found rows with neither")
    verdicts: dict[str, list[float]] = {}
    for row in rows:
        verdict = row["refused"] if judged else float(refuses(row["text"]))
        verdicts.setdefault(str(row["example"]), []).append(verdict)
    return {name: float(np.mean(each)) for name, each in verdicts.items()}, [] if judged else [BY_RULE]


def prompts_of(rates: Mapping[str, float], prompts: Sequence[Row]) -> dict[str, Row]:
    """Id of each prompt that was answered -> its row.

    Raises:
        BenchError: a prompt twice, or responses to prompts that are not there.
    """
    by_id = {str(row["id"]): row for row in prompts}
    if len(by_id) < len(prompts):
        raise BenchError("prompts: expected every id once, found one twice")
    if unknown := [name for name in rates if name not in by_id]:
        raise BenchError(f"responses: expected ids of the prompts, found {len(unknown)} others, such as '{unknown[0]}'")
    return {name: by_id[name] for name in rates}


def is_harmless(row: Row) -> bool:
    """Whether a prompt should be answered."""
    return bool(row.get("harmless"))


def rate_line(values: Iterable[float]) -> dict[str, Any]:
    """A share over prompts with Wilson's interval: `rate`, `low`, `high` (NaN of one prompt), and `prompts`."""
    numbers = np.array([*values], dtype=np.float64)
    if len(numbers) < 2:
        return {"rate": float(numbers.mean()) if len(numbers) else math.nan, "low": math.nan, "high": math.nan} | {
            "prompts": len(numbers)
        }
    interval = rate_interval(numbers[None])
    return {"rate": float(numbers.mean()), "low": interval.low, "high": interval.high, "prompts": len(numbers)}
