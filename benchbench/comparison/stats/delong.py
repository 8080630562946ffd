"""Clustered DeLong interval and test of the difference of two areas under the curve, of one pair of checkpoints.

An area is a mean of V10_i = P(chosen i above a rejected one), and of V01_j = P(a chosen one above rejected j); the
spread of these components gives its variance (DeLong et al. 1988). The two responses of a pair share a prompt, so a
prompt's components are one cluster (Obuchowski 1997, Biometrics 53:567), and two checkpoints on the same pairs are
compared by the differences of their components, which holds their covariance. DeLong's own form takes chosen and
rejected responses as independent and is too wide by up to a factor of three here.
"""

from __future__ import annotations

from dataclasses import replace

from benchbench.comparison.stats.clustered import of_one_seed, prompt_interval
from benchbench.comparison.stats.intervals import Interval
from benchbench.core.clusters import over_prompts
from benchbench.core.measurement import Array

CLUSTERED_DELONG = "clustered DeLong"


def delong_interval(first: Array, second: Array, *, prompt: Array | None = None, level: float = 0.95) -> Interval:
    """Difference of two areas, first minus second, with its t interval over prompts and its p-value.

    Args:
        first: [n] components of each pair, V10 + V01 less the area, whose mean is the area (`Metric.influence`).
        second: [n] those of the other checkpoint on the same pairs, in the same order.
        prompt: [n] number of each pair's prompt; none where every pair has a prompt of its own.
        level: coverage of the interval, in (0, 1).

    Raises:
        ValueError: arrays of different shapes.
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"expected two arrays [n], got {first.shape} and {second.shape}")
    interval = of_one_seed(prompt_interval(over_prompts(first - second, prompt), level=level))
    return interval if interval.method == "none" else replace(interval, method=CLUSTERED_DELONG)
