"""Rows that look good on pairs while the policy fell apart: what left the range of the policy that all start from.

A pair metric asks how a policy ranks two given responses, and says nothing of what became of its own. The guard
compares what was measured of every row with the start's, whose range is its lowest to its highest seed, widened by a
tolerance; a row's mean over seeds outside of it is a departure. The quantities are those that stand beside every win
rate (evaluation.md A3, A7, A8): likelihood of the chosen response, whose fall a growing margin hides, KL to the start
on samples, entropy, lengths, endings and repetition. The tolerances are from no paper: they are this package's, fixed
before any table was looked at, except those of likelihood, KL and entropy, which were fixed later, when the numbers of
DPO, SimPO and DDO-RM on `tiny` were known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Statistics = Mapping[str, Sequence[float]]
"""Statistic -> [k] its value of each seed; NaN, or absent, where it was not measured."""

CHOSEN = "chosen_logp_mean"
"""Mean log-probability of the held-out chosen responses, nats per token: the one statistic that pairs alone give."""
_ENTROPY = "entropy_per_token"
_DIGITS, _MOST_DIGITS = 3, 9
"""Of the numbers of a departure: what they are shown with, and at most where a value is near an end of the range."""


@dataclass(frozen=True)
class Rule:
    """How far a statistic may go from the start's."""

    aspect: str
    """For people: what it measures."""
    unit: str
    statistic: str
    of_start: str = ""
    """Statistic of the start that gives the range; by default the same."""
    least: float | None = None
    """Factor of the start's lowest seed below which a row departs; none where it may be as low as can be."""
    most: float | None = None
    """Factor of the start's highest seed above which a row departs."""
    beyond: float = 0.0
    """Added to the upper end."""

    def bounds(self, start: Statistics) -> tuple[float, float]:
        """The range that a row may be in; NaN where the start was not measured."""
        values = start.get(self.of_start or self.statistic, ())
        if not len(values) or not all(map(math.isfinite, values)):
            return math.nan, math.nan
        low = -math.inf if self.least is None else min(self.least * value for value in values)
        return low, math.inf if self.most is None else max(self.most * value for value in values) + self.beyond


RULES = (
    Rule("chosen log-probability", "nats per token", CHOSEN, least=1.25),
    Rule("KL", "nats per token", "kl_k1_per_token", of_start=_ENTROPY, most=0.5),
    Rule("entropy", "nats per token", _ENTROPY, least=0.5, most=2.0),
    Rule("repeated 4-grams", "share", "repetition", most=1.0, beyond=0.10),
    Rule("different bigrams", "share", "distinct_2", least=0.5),
    Rule("length", "tokens", "response_tokens", least=0.5, most=2.0),
    Rule("cut at the token limit", "share", "truncated", most=1.0, beyond=0.10),
    Rule("ended by a control token", "share", "control_token", most=1.0, beyond=0.10),
    Rule("empty", "share", "empty", most=1.0, beyond=0.02),
)
"""Log-probabilities are negative, so a quarter more of the start's is the lower end of the first. A policy that gives
but one answer, as likely as typical ones of the start, has a KL of about the start's entropy; half is the limit."""


@dataclass(frozen=True)
class Departure:
    """One statistic of one row that left the start's range."""

    aspect: str
    unit: str
    value: float
    """Mean over seeds."""
    low: float
    """Ends of the range; infinite where it has none."""
    high: float
    seeds_outside: int
    seeds: int

    @property
    def text(self) -> str:
        """Such as `length 21 tokens (5 to 20; 2 of 3 seeds outside)`."""
        value, low, high = self._shown()
        unit = "" if self.unit == "share" else f" {self.unit}"
        allowed = (
            f"up to {high}" if math.isinf(self.low) else f"from {low}" if math.isinf(self.high) else f"{low} to {high}"
        )
        return f"{self.aspect} {value}{unit} ({allowed}; {self.seeds_outside} of {self.seeds} seeds outside)"

    def _shown(self) -> tuple[str, str, str]:
        """The value and both ends, with as many digits as it takes to tell them apart."""
        shown = ("", "", "")
        for digits in range(_DIGITS, _MOST_DIGITS + 1):
            value, low, high = (
                f"{number:.{digits - 2}%}" if self.unit == "share" else f"{number:.{digits}g}"
                for number in (self.value, self.low, self.high)
            )
            shown = (value, low, high)
            if value not in (low, high):
                break
        return shown


@dataclass(frozen=True)
class Guarded:
    """What the guard can say of one row."""

    departures: tuple[Departure, ...]
    unmeasured: tuple[str, ...]
    """Aspects of which nothing is known, of the row or of the start: neither fine nor a departure."""

    @property
    def aspects(self) -> tuple[str, ...]:
        """What left the range."""
        return tuple(departure.aspect for departure in self.departures)


def guard(rows: Mapping[str, Statistics], start: str) -> dict[str, Guarded]:
    """Label -> what left the start's range, of every row but the start; empty where the start has no row.

    Args:
        rows: label -> its statistics: those of `comparison.win_rates.response_statistics`, and `CHOSEN`.
        start: label of the policy that all methods start from.
    """
    if start not in rows:
        return {}
    return {label: _guarded(of, rows[start]) for label, of in rows.items() if label != start}


def _guarded(of: Statistics, start: Statistics) -> Guarded:
    departures, unmeasured = [], []
    for rule in RULES:
        values, (low, high) = of.get(rule.statistic, ()), rule.bounds(start)
        if not len(values) or math.isnan(low) or any(map(math.isnan, values)):
            unmeasured.append(rule.aspect)
            continue
        outside = [not low <= value <= high for value in values]
        mean = sum(values) / len(values)
        if not low <= mean <= high:
            departures.append(Departure(rule.aspect, rule.unit, mean, low, high, sum(outside), len(values)))
    return Guarded(tuple(departures), tuple(unmeasured))


def is_ahead(values: Sequence[float], of_start: Sequence[float], direction: str) -> bool:
    """Whether a row's mean over seeds is better than the start's, in a metric that has a better side."""
    if direction == "none" or not len(values) or not len(of_start):
        return False
    difference = sum(values) / len(values) - sum(of_start) / len(of_start)
    return difference > 0 if direction == "higher" else difference < 0
