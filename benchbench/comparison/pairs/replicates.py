"""Which seeds are different runs: copies of one run count once, and one run has no spread over seeds.

Seeds of a label are one run where their policies come from the same stages up to seeds that nothing is drawn from, or
where the rows that a scoring reads are equal to the bit (evaluation.md C2: identical replicates are one run).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.comparison.stats.clustered import ONE_SEED
from benchbench.comparison.stats.intervals import Interval
from benchbench.core.measurement import Array

NOT_ESTIMATED = "seed variance not estimated"
ALIKE = f"{NOT_ESTIMATED} (no two runs differ in any prompt)"


@dataclass(frozen=True)
class Replicates:
    """The independent runs among the seeds of a comparison of one side or several."""

    seeds: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    """Places of the seeds of each run, in the order of their first seed."""
    note: str
    """What a reader must know; empty where every seed is a run of its own on every side."""

    @property
    def k(self) -> int:
        """Number of independent runs."""
        return len(self.groups)

    def merged(self, values: Array) -> tuple[Array, str]:
        """([runs, ...] values of each run, what to say of them), from [k, ...] values of each seed.

        Seeds of one run have equal values where nothing else is drawn; draws of their own, as responses have, are
        averaged. Runs that agree in every prompt show no spread over seeds, which is not a spread of nothing: they
        count as one.
        """
        runs = np.stack([_mean(values[list(places)]) for places in self.groups])
        if len(runs) > 1 and runs.ndim > 1 and runs.size and np.ptp(runs) > 0 and (runs == runs[0]).all():
            return runs[:1], ALIKE
        return runs, self.note

    def mean(self, values: Array) -> float:
        """Mean over runs of [k] values of each seed."""
        return float(self.merged(values)[0].mean())


def _mean(values: Array) -> Array:
    """Mean over the first axis, which is exact for equal values."""
    return values[0] if (values == values[0]).all() else values.mean(axis=0)


def interval_of_runs(values: Array, runs: Replicates | None, interval: Callable[[Array], Interval]) -> Interval:
    """The interval of [k, n] values over seeds and prompts, in which copies of one run count once.

    Args:
        values: one per seed and prompt.
        runs: which seeds are different runs; none takes each for one of its own.
        interval: makes the interval of [runs, n] values, that of one run included.
    """
    if runs is None:
        return interval(values)
    run_values, note = runs.merged(values)
    over_runs = interval(run_values)
    return replace(over_runs, note=with_note(over_runs.note, note))


def with_note(interval_note: str, note: str) -> str:
    """The note of an interval with that of its runs, which takes the place of what is said of one seed."""
    if not note:
        return interval_note
    return (
        interval_note.replace(ONE_SEED, note)
        if ONE_SEED in interval_note
        else "; ".join(part for part in (note, interval_note) if part)
    )


def replicates(seeds: Sequence[int], sides: Mapping[str, Sequence[Hashable]]) -> Replicates:
    """The independent runs of a contrast between sides.

    Args:
        seeds: [k] in the order of the table.
        sides: label -> [k] names of its runs; equal names are one run.

    A side that is one run at every seed adds no spread and leaves the others to vary: the interval then holds the
    spread of the others alone, and the note says so. Seeds that share a run of a side that varies are one replicate.
    """
    varying = {label: runs for label, runs in sides.items() if len(set(runs)) > 1}
    names = list(varying.values()) or [("one",) * len(seeds)]
    groups = _groups(len(seeds), names)
    return Replicates(tuple(seeds), groups, _note(seeds, sides, groups))


def _groups(k: int, sides: Sequence[Sequence[Hashable]]) -> tuple[tuple[int, ...], ...]:
    """Places that share a name on some side, joined through each other."""
    group = list(range(k))
    for names in sides:
        first: dict[Hashable, int] = {}
        for place, name in enumerate(names):
            old, new = group[place], group[first.setdefault(name, place)]
            group = [min(old, new) if root in (old, new) else root for root in group]
    return tuple(tuple(place for place in range(k) if group[place] == root) for root in dict.fromkeys(group))


def _note(seeds: Sequence[int], sides: Mapping[str, Sequence[Hashable]], groups: Sequence[Sequence[int]]) -> str:
    if len(seeds) == 1:
        return ""
    if all(len(set(runs)) == 1 for runs in sides.values()):
        return f"{NOT_ESTIMATED} ({len(seeds)} seeds are one run: {_some(seeds)})"
    remarks = []
    for label, runs in sides.items():
        if len(set(runs)) == 1:
            remarks.append(f"{label} is one run at all {len(seeds)} seeds: a spread of its runs is not in the interval")
            continue
        for name in dict.fromkeys(runs):
            copies = [seed for seed, run in zip(seeds, runs, strict=True) if run == name]
            if len(copies) > 1:
                remarks.append(f"seeds {_some(copies)} of {label} are one run and count once")
    if len(groups) == 1:
        return f"{NOT_ESTIMATED} ({'; '.join(remarks)})"
    return "; ".join(remarks)


def _some(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def content(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """Hash of some columns of one cell's score rows, whatever their order."""
    order = ["example", "candidate"]
    rows = frame.sort_values(order, ignore_index=True)
    digest = hashlib.sha256("\n".join(rows["example"].astype(str)).encode())
    for name in ("candidate", *columns):
        digest.update(np.ascontiguousarray(rows[name].to_numpy(dtype=np.float64)).tobytes())
    return digest.hexdigest()


def run_names(frames: Mapping[int, pd.DataFrame], scoring: str, known: Mapping[int, str] | None = None) -> list[int]:
    """[k] the run of each seed of one label under one scoring, named by its first seed.

    Args:
        frames: score rows of each seed.
        scoring: which columns are read; seeds may differ in the rewards alone.
        known: seed -> identity of its stages without unused seeds; empty where it is not known.
    """
    contents = [content(frame, SCORINGS[scoring].reads) for frame in frames.values()]
    stages = [(known or {}).get(seed) or f"seed {seed}" for seed in frames]
    return joined_names(list(frames), [contents, stages])


def joined_names(seeds: Sequence[int], names: Sequence[Sequence[Hashable]]) -> list[int]:
    """[k] the run of each seed, named by its first seed: seeds that share a name of any kind are one run.

    Args:
        seeds: [k] in the order of the table.
        names: of each kind [k], such as contents and identities of stages.
    """
    places = _groups(len(seeds), names)
    return [seeds[next(group[0] for group in places if place in group)] for place in range(len(seeds))]
