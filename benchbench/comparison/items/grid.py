"""Runs of other tools lined up: every row at every seed over the same items of the same groups, or a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from benchbench.comparison.items.faults import (
    SeededRun,
    content_faults,
    differences,
    group_faults,
    in_order,
    item_faults,
    repeated_faults,
    setting_faults,
)
from benchbench.comparison.items.pooled import pooled
from benchbench.comparison.pairs.grid import AUDIT, MissingRunsError
from benchbench.comparison.pairs.replicates import Replicates, joined_names, replicates
from benchbench.core.errors import BenchError, Fault, unknown_name
from benchbench.core.imported import ItemScores


@dataclass(frozen=True, eq=False)
class ItemGrid:
    """Every row at every seed; items stand in one order everywhere."""

    labels: tuple[str, ...]
    """The baseline first."""
    seeds: tuple[int, ...]
    groups: tuple[str, ...]
    """All items together first, where there are several groups."""
    scores: Mapping[tuple[str, str, int], ItemScores]
    """(group, label, seed) -> what the run scored."""
    marks: Mapping[str, tuple[str, ...]]
    """What a reader must know of each row."""
    runs: Mapping[str, Sequence[int]]
    """Label -> [k] the run of each seed; equal numbers are copies of one run."""

    def row(self, group: str, label: str) -> list[ItemScores]:
        """[k] of each seed."""
        return [self.scores[group, label, seed] for seed in self.seeds]

    def replicates(self, *labels: str) -> Replicates:
        """The independent runs of a contrast between labels."""
        return replicates(self.seeds, {label: self.runs[label] for label in labels})


def make_item_grid(runs: Sequence[SeededRun], *, baseline: str, allow_different: bool = False) -> ItemGrid:
    """Line up the runs, or refuse.

    Args:
        runs: in the order of the table.
        baseline: label of the baseline.
        allow_different: compare although settings or prompts differ, which marks the rows.

    Raises:
        BenchError: items that stand twice, groups or items that only some runs have, items of other content, settings
            that differ; all of one kind at once.
        MissingRunsError: a row without a run of a seed.
    """
    labels = tuple(dict.fromkeys([baseline, *(run.label for run in runs)]))
    by_place = {(run.label, run.seed): run for run in runs}
    if all(run.label != baseline for run in runs):
        raise unknown_name("baseline", baseline, labels[1:])
    seeds = tuple(sorted({run.seed for run in runs}))
    if missing := [(label, seed) for label in labels for seed in seeds if (label, seed) not in by_place]:
        raise MissingRunsError(missing, what="run")
    first = by_place[baseline, seeds[0]]
    _refuse(fault for run in runs for fault in repeated_faults(run))
    _refuse(group_faults(runs, first))
    lined_up = {place: _in_groups(run, first) for place, run in by_place.items()}
    others = [run for run in lined_up.values() if run.label != baseline or run.seed != seeds[0]]
    _refuse(fault for run in others for fault in item_faults(run, first))
    lined_up = {place: _in_items(run, first) for place, run in lined_up.items()}
    others = [run for run in lined_up.values() if run.label != baseline or run.seed != seeds[0]]
    _refuse(fault for run in others for fault in content_faults(run, first))
    if not allow_different:
        _refuse(fault for run in others for fault in setting_faults(run, first))
    marks = _marks(labels, list(lined_up.values()), first)
    runs_of = {label: joined_names(seeds, [[_content(lined_up[label, seed]) for seed in seeds]]) for label in labels}
    lined_up = _with_pool(lined_up)
    groups = tuple(group.group for group in lined_up[baseline, seeds[0]].groups)
    scores = {(group.group, *place): group for place, run in lined_up.items() for group in run.groups}
    return ItemGrid(labels, seeds, groups, scores, marks, runs_of)


def _refuse(faults: Iterable[Fault]) -> None:
    if listed := list(faults):
        raise BenchError.of_faults("comparison", listed)


def _in_groups(run: SeededRun, first: SeededRun) -> SeededRun:
    by_name = {group.group: group for group in run.groups}
    return replace(run, groups=tuple(by_name[group.group] for group in first.groups))


def _in_items(run: SeededRun, first: SeededRun) -> SeededRun:
    ordered = (in_order(group, expected) for group, expected in zip(run.groups, first.groups, strict=True))
    return replace(run, groups=tuple(ordered))


def _with_pool(runs: Mapping[tuple[str, int], SeededRun]) -> dict[tuple[str, int], SeededRun]:
    """The runs with the items of all groups as a first group, where every run has several groups with one metric."""
    pools = {place: pooled(run.groups) for place, run in runs.items()}
    return {
        place: run if pool is None or None in pools.values() else replace(run, groups=(pool, *run.groups))
        for (place, run), pool in zip(runs.items(), pools.values(), strict=True)
    }


def _content(run: SeededRun) -> str:
    """Hash of every number of a run: runs that are equal in all of them are copies of one."""
    digest = sha256()
    for group in run.groups:
        for name, metric in group.metrics.items():
            digest.update(f"{group.group} {name} {len(metric.values)}\n".encode())
            digest.update(np.ascontiguousarray(metric.values, dtype=np.float64).tobytes())
    return digest.hexdigest()


def _marks(labels: Sequence[str], runs: Sequence[SeededRun], first: SeededRun) -> dict[str, tuple[str, ...]]:
    """By row: that settings differ somewhere in the table, in what the row differs, and remarks that are not shared."""
    differing = {
        label: list(dict.fromkeys(name for run in runs if run.label == label for name in differences(run, first)))
        for label in labels
    }
    remarks = {
        label: dict.fromkeys(
            f"{name}: {value}"
            for run in runs
            if run.label == label
            for group in run.groups
            for name, value in group.remarks.items()
        )
        for label in labels
    }
    shared = set.intersection(*(set(of_row) for of_row in remarks.values()))
    marks: dict[str, tuple[str, ...]] = {}
    for label in labels:
        of_row = [AUDIT] if any(differing.values()) else []
        of_row += [f"differs in {', '.join(differing[label])}"] if differing[label] else []
        marks[label] = (*of_row, *(remark for remark in remarks[label] if remark not in shared))
    return marks
