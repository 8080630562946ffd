"""The minimum detectable difference of the columns of a win-rate table: from one half for rates, else from 0."""

from __future__ import annotations

import math
from dataclasses import astuple

from scipy.special import expit

from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.stats.power import UNKNOWN, Detectable, minimum_detectable_difference

_RATES = ("win_rate", "bradley_terry_expectation")
"""Tested on the scale of the rate, by the score test of one half."""
_RATES_OF_LOG_ODDS = ("length_controlled_win_rate", "expected_win_rate")
"""Tested on the scale of log-odds."""
FARTHEST = 0.5
"""How far from one half a rate can be."""


def detectable_rate(metric: str, interval: Interval) -> Detectable:
    """The smallest distance that is found.

    Args:
        metric: as in the tidy rows.
        interval: its interval; that of one run says nothing of what more of them would see.

    The standard error of a rate belongs to the rate that was observed, and the question is what would be found near one
    half; so it is brought there, the effective number of contests being held.
    """
    if interval.one_run:
        return UNKNOWN
    variance = interval.mean * (1 - interval.mean)
    if metric in _RATES and variance > 0:
        return minimum_detectable_difference(interval, largest=FARTHEST, factor=0.5 / math.sqrt(variance))
    if metric in _RATES_OF_LOG_ODDS and variance > 0:
        on_log_odds = minimum_detectable_difference(interval, factor=1 / variance)
        return Detectable(*(float(expit(value)) - 0.5 for value in astuple(on_log_odds)))
    return minimum_detectable_difference(interval)
