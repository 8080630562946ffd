"""What became of the responses of each row: win rate, length, marks of degeneration."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchbench.commands.compare.win_rates import Samples
from benchbench.commands.leaderboard.degeneration import degeneration
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
    degenerated: tuple[str, ...] = ()
    """What went wrong; a text each."""


def responses_of(samples: Samples | None) -> dict[str, RowResponses]:
    """Label -> what became of its responses; empty where nothing was drawn."""
    if samples is None:
        return {}
    means: dict[str, dict[str, list[float]]] = {}
    for row in samples.statistics.to_dict("records"):
        means.setdefault(str(row["method"]), {}).setdefault(str(row["metric"]), []).append(float(row["value"]))
    by_label = {label: {name: sum(v) / len(v) for name, v in of.items()} for label, of in means.items()}
    marks = degeneration(by_label)
    rates = {row.label: row.raw.interval for row in samples.rows if row.opponent == CHOSEN}
    return {
        label: RowResponses(
            *((rates[label].mean, rates[label].low, rates[label].high) if label in rates else (math.nan,) * 3),
            tokens=of["response_tokens"],
            degenerated=marks.get(label, ()),
        )
        for label, of in by_label.items()
    }
