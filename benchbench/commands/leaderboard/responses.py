"""What became of the responses of each row: win rate and length."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchbench.commands.compare.win_rates import Samples
from benchbench.plan.judge_stages import CHOSEN


@dataclass(frozen=True)
class RowResponses:
    """The responses of one row; NaN where none were drawn."""

    win_rate: float = math.nan
    """Against the data's chosen responses."""
    low: float = math.nan
    high: float = math.nan
    """Its 95 % interval."""
    tokens: float = math.nan
    """Mean length, over seeds."""


def responses_of(samples: Samples | None) -> dict[str, RowResponses]:
    """Label -> what became of its responses; empty where nothing was drawn."""
    if samples is None:
        return {}
    lengths: dict[str, list[float]] = {}
    for row in samples.statistics.to_dict("records"):
        if row["metric"] == "response_tokens":
            lengths.setdefault(str(row["method"]), []).append(float(row["value"]))
    rates = {row.label: row.raw.interval for row in samples.rows if row.opponent == CHOSEN}
    return {
        label: RowResponses(
            *((rates[label].mean, rates[label].low, rates[label].high) if label in rates else (math.nan,) * 3),
            tokens=sum(tokens) / len(tokens),
        )
        for label, tokens in lengths.items()
    }
