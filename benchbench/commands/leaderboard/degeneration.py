"""Marks of responses that fell apart, by rules that were fixed before any table was looked at."""

from __future__ import annotations

import pandas as pd

START = "sft"
"""The policy that all methods start from; its own responses are the measure."""
TRUNCATED, EMPTY, REPEATED = 0.10, 0.02, 0.10
"""Shares by which a policy's cut, empty and repeating responses exceed those of the start."""
DISTINCT, LONG = 0.5, 2.0
"""Ratios to the start: different bigrams below, mean length above, or below its inverse."""


def degeneration(means: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Label -> what went wrong with its responses, compared with those of the SFT policy; a text each.

    Args:
        means: a row per label, a column per statistic of `comparison.win_rates.response_statistics`, over seeds.
    """
    if START not in means.index:
        return {}
    start = means.loc[START]
    marks: dict[str, tuple[str, ...]] = {}
    for label, row in means.iterrows():
        length = row["response_tokens"] / start["response_tokens"]
        found = {
            f"truncated {row['truncated']:.0%}": row["truncated"] > start["truncated"] + TRUNCATED,
            f"empty {row['empty']:.0%}": row["empty"] > start["empty"] + EMPTY,
            f"repeats itself {row['repetition']:.0%}": row["repetition"] > start["repetition"] + REPEATED,
            "few different bigrams": row["distinct_2"] < DISTINCT * start["distinct_2"],
            f"{length:.1f} times as long": length > LONG or length < 1 / LONG,
        }
        marks[str(label)] = tuple(text for text, is_so in found.items() if is_so)
    return marks
