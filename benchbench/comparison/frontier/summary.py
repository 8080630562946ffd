"""Every point of a frontier over seeds and prompts, with the intervals of both its coordinates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from benchbench.comparison.frontier.curves import Curve, Point
from benchbench.comparison.frontier.prompts import WIN_RATE
from benchbench.comparison.pairs.replicates import interval_of_runs, replicates
from benchbench.comparison.stats.bounded import seeded_rate
from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.comparison.stats.intervals import Interval

Runs = Mapping[str, Sequence[Hashable]]
"""Name of a curve -> [k] names of its runs, equal where seeds are copies of one run."""


@dataclass(frozen=True)
class PointSummary:
    """One point of one curve."""

    curve: str
    point: str
    quantity: str
    kl: Interval
    """Nats per response."""
    value: Interval
    kl_of_seeds: tuple[float, ...]
    values: tuple[float, ...]
    """[k] of each seed."""


def summaries(curves: Sequence[Curve], quantity: str, *, seeds: Sequence[int], runs: Runs) -> list[PointSummary]:
    """The points of every curve, by their mean KL, the one that all start from first.

    Args:
        curves: of the same quantity, seeds and prompts.
        quantity: what their values are.
        seeds: [k] of every point.
        runs: of every curve; each seed is a run of its own where it is not there.
    """
    start = next((curve.start for curve in curves if curve.start is not None), None)
    rows = [] if start is None else [_summary(start.name, start, quantity, seeds, runs)]
    for curve in curves:
        ordered = sorted(curve.points, key=lambda point: float(point.kl.mean()))
        rows += [_summary(curve.name, point, quantity, seeds, runs) for point in ordered]
    return rows


def _summary(curve: str, point: Point, quantity: str, seeds: Sequence[int], runs: Runs) -> PointSummary:
    of_runs = replicates(seeds, {curve: list(runs.get(curve, seeds))})
    of_value = seeded_rate if quantity == WIN_RATE else seeded_interval
    return PointSummary(
        curve=curve,
        point=point.name,
        quantity=quantity,
        kl=interval_of_runs(point.kl, of_runs, seeded_interval),
        value=interval_of_runs(point.values, of_runs, of_value),
        kl_of_seeds=tuple(map(float, point.kl_of_seeds)),
        values=tuple(map(float, point.values.mean(axis=1))),
    )
