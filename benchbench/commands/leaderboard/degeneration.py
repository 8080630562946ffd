"""Marks of responses that fell apart, by rules that were fixed before any table was looked at."""

from __future__ import annotations

from collections.abc import Mapping

STARTS = ("sft", "base")
"""Labels of the policy that all methods start from; its own responses are the measure."""
TRUNCATED, EMPTY, REPEATED = 0.10, 0.02, 0.10
"""Shares by which a policy's cut, empty and repeating responses exceed those of the start."""
DISTINCT, LONG = 0.5, 2.0
"""Ratios to the start: different bigrams below, mean length above, or below its inverse."""


def degeneration(means: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[str, ...]]:
    """Label -> what went wrong with its responses, compared with those of the SFT policy; a text each.

    Args:
        means: label -> statistic of `comparison.win_rates.response_statistics` -> its mean over seeds.
    """
    start = next((means[label] for label in STARTS if label in means), None)
    return {} if start is None else {label: _marks(of, start) for label, of in means.items()}


def _marks(of: Mapping[str, float], start: Mapping[str, float]) -> tuple[str, ...]:
    length = of["response_tokens"] / start["response_tokens"]
    marks = {
        f"truncated {of['truncated']:.0%}": of["truncated"] > start["truncated"] + TRUNCATED,
        f"empty {of['empty']:.0%}": of["empty"] > start["empty"] + EMPTY,
        f"repeats itself {of['repetition']:.0%}": of["repetition"] > start["repetition"] + REPEATED,
        "few different bigrams": of["distinct_2"] < DISTINCT * start["distinct_2"],
        f"{length:.1f} times as long": length > LONG or length < 1 / LONG,
    }
    return tuple(text for text, is_so in marks.items() if is_so)
