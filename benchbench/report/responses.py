"""What responses are like, as tidy rows and as rows for a reader."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from benchbench.comparison.win_rates.response_statistics import CUT_FINISHES, sample_statistics
from benchbench.report import numbers

SHOWN_STATISTICS = (
    "response_tokens",
    "truncated",
    "empty",
    "repetition",
    "distinct_1",
    "distinct_2",
    "refusals",
    "kl_k1",
)
SHOWN_WHERE_ANY = CUT_FINISHES
"""Statistics with a column of their own only where a row has some."""


def statistics_frame(cells: Mapping[tuple[str, int], tuple[pd.DataFrame, Mapping[str, object]]]) -> pd.DataFrame:
    """One tidy row per cell and statistic of its own responses.

    Args:
        cells: (label, seed) -> its responses, and what drew them (engine.json).
    """
    rows = []
    for (label, seed), (frame, about) in cells.items():
        plain = not any(value is None or math.isnan(value) for value in frame["logp_sum"])
        anchored = plain and not any(value is None or math.isnan(value) for value in frame["ref_logp_sum"])
        scored = frame.drop(columns=["ref_logp_sum"]) if plain and not anchored else frame
        for statistic in sample_statistics(scored, plain=plain, cut="cut" in about):
            rows.append(
                {
                    "method": label,
                    "seed": seed,
                    "metric": statistic.name,
                    "value": statistic.value,
                    "se": statistic.se,
                    "n": statistic.n,
                    "unit": statistic.unit,
                    "engine": f"{about['engine']} {about['version']}",
                    "dtype": about["dtype"],
                    "device_kind": about["device_kind"],
                    "merged": about["merged"],
                    "canary_identical": _canary(about)["identical_fraction"],
                    "canary_common_prefix": _canary(about)["common_prefix_tokens"],
                    "note": statistic.note,
                }
            )
    return pd.DataFrame(rows)


def shown_statistics(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Rows for a reader: means over seeds."""
    rows = []
    there = [name for name in SHOWN_WHERE_ANY if (frame.loc[frame["metric"] == name, "value"] > 0).any()]
    for label in dict.fromkeys(frame["method"]):
        of_label = frame[frame["method"] == label]
        row = {"method": str(label)}
        for name in (*SHOWN_STATISTICS, *there):
            row[name] = numbers.number(float(of_label.loc[of_label["metric"] == name, "value"].mean()))
        row["engine"] = ", ".join(dict.fromkeys(of_label["engine"]))
        row["canary"] = f"{of_label['canary_identical'].mean():.0%} identical"
        rows.append(row)
    return rows


def _canary(about: Mapping[str, object]) -> Mapping[str, float]:
    canary = about["canary"]
    assert isinstance(canary, Mapping)
    return canary
