"""Rows at equal KL: the value of each curve there, and their differences, paired by seed and prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from benchbench.comparison.frontier.curves import Curve
from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs, replicates
from benchbench.comparison.stats.bounded import difference_of_rates, seeded_rate
from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.comparison.stats.families import holm_of_family
from benchbench.comparison.stats.intervals import Interval
from benchbench.core.errors import BenchError, Fault
from benchbench.core.measurement import Array

NOT_IN_THE_INTERVAL = "the KL of each point is taken as it was estimated: its own error is not in the interval"
"""What every table at an equal KL says."""


@dataclass(frozen=True)
class MatchedRow:
    """One curve at one KL."""

    curve: str
    kl: float
    """Nats per response."""
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    """[k] value of each seed there."""
    mean: Interval
    """Over seeds and prompts."""
    difference: Interval | None
    """To the baseline, paired by seed and prompt; none for the baseline itself."""
    p_holm: float
    """Corrected over the rows against the baseline; NaN where there is no test."""


def at_kl(
    curves: Sequence[Curve],
    kl: float,
    *,
    seeds: Sequence[int],
    baseline: str,
    is_rate: bool,
    runs: Mapping[str, Sequence[Hashable]] | None = None,
) -> list[MatchedRow]:
    """Every curve at one KL, compared with the baseline's.

    Args:
        curves: with two points at least each, of the same seeds and prompts.
        kl: nats per response.
        seeds: [k] of every point.
        baseline: name of a curve.
        is_rate: values are in [0, 1], so that intervals stay there.
        runs: curve -> [k] names of its runs, equal where seeds are copies of one run; each of its own where not given.

    Raises:
        BenchError: a curve whose seeds do not all reach this KL, with the range that they share.
    """
    refuse_beyond(curves, kl)
    values = {curve.name: curve.at(kl) for curve in curves}
    of_runs = {name: list((runs or {}).get(name, seeds)) for name in values}
    rate, differing = (seeded_rate, difference_of_rates) if is_rate else (seeded_interval, seeded_interval)
    differences = {
        name: _interval(seeds, [name, baseline], of_runs, value - values[baseline], differing)
        for name, value in values.items()
        if name != baseline
    }
    tested = [math.nan if interval.one_run else interval.p for interval in differences.values()]
    corrected = dict(zip(differences, holm_of_family(tested, list(differences.values())), strict=True))
    return [
        MatchedRow(
            curve=name,
            kl=kl,
            seeds=tuple(seeds),
            values=tuple(float(mean) for mean in value.mean(axis=1)),
            mean=_interval(seeds, [name], of_runs, value, rate),
            difference=differences.get(name),
            p_holm=float(corrected.get(name, math.nan)),
        )
        for name, value in values.items()
    ]


def refuse_beyond(curves: Sequence[Curve], kl: float) -> None:
    """Return only if every curve reaches a KL at every seed.

    Raises:
        BenchError: which do not, and what the seeds of each share.
    """
    if all(curve.reaches(kl) for curve in curves):
        return
    faults = [Fault(curve.name, _reach(curve)) for curve in curves]
    low = max(curve.shared_range[0] for curve in curves)
    high = min(curve.shared_range[1] for curve in curves)
    what = f"give a KL from {low:.3g} to {high:.3g}" if low <= high else "no KL is reached by all; leave out a row"
    raise BenchError.of_faults(f"--at kl={kl:g}: expected a KL that every seed of every curve reaches; {what}", faults)


def _reach(curve: Curve) -> str:
    low, high = curve.shared_range
    if low > high:
        return "its seeds share no KL: " + ", ".join(f"{a:.3g} to {b:.3g}" for a, b in curve.ranges)
    return f"its {len(curve.ranges)} seeds share {low:.3g} to {high:.3g} nats per response"


def _interval(
    seeds: Sequence[int],
    names: Sequence[str],
    runs: Mapping[str, Sequence[Hashable]],
    values: Array,
    interval: Callable[[Array], Interval],
) -> Interval:
    of_both: Replicates = replicates(seeds, {name: runs[name] for name in names})
    return interval_of_runs(values, of_both, interval)
