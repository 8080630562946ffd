"""Which row of a table, and which seed of it, each run is: by names, by folders, or as the command line says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from benchbench.commands.imported.files import ReadRun
from benchbench.core.errors import BenchError, Fault, unknown_name
from benchbench.core.imported import GroupSummary, ItemScores

_SEED = re.compile(r"(?P<label>.*?)[-_./ ]*seed[-_= ]?(?P<seed>\d+)", re.IGNORECASE)
_SEED_FOLDER = re.compile(r"seed[-_= ]?(?P<seed>\d+)", re.IGNORECASE)
NEAREST = 3
"""Folders above a file that may name its seed: tools put a folder per model, and one per judge, between."""
NO_SEED = 0
"""Seed of the only run of a row, where all rows have one run."""


@dataclass(frozen=True)
class Placed:
    """One run of one row, from one file or several."""

    label: str
    seed: int
    groups: tuple[ItemScores, ...]
    summaries: tuple[GroupSummary, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class _Part:
    """What one file says of one row."""

    label: str
    seed: int | None
    read: ReadRun

    @property
    def groups(self) -> list[str]:
        return [group.group for group in (*self.read.run.groups, *self.read.run.summaries[:1])]


def place_runs(runs: Sequence[ReadRun], *, seeds_of: Sequence[str] = (), targets: Sequence[str] = ()) -> list[Placed]:
    """The rows of a table, each with its runs, in the order of the targets or of the files.

    A name that ends with `seed` and a number is one seed of the row that the rest names; a folder that is called so
    and nothing else names the seed of what lies in it.

    Args:
        runs: as read.
        seeds_of: labels whose runs are training seeds of one model, in the order of the files, without numbers.
        targets: labels to compare, the baseline first; none takes all.

    Raises:
        BenchError: a label that is not there; several runs of one label that nothing says to be seeds; one row alone.
    """
    parts = [_part(read) for read in runs]
    labels = list(dict.fromkeys(part.label for part in parts))
    for label in (*targets, *seeds_of):
        if label not in labels:
            raise unknown_name("row", label, labels)
    chosen = list(dict.fromkeys(targets)) or labels
    parts = [part for label in chosen for part in _numbered(label, parts, label in seeds_of)]
    if all(len({part.seed for part in parts if part.label == label}) == 1 for label in chosen):
        parts = [replace(part, seed=NO_SEED) for part in parts]
    faults = list(chain.from_iterable(_faults(label, parts) for label in chosen))
    if faults:
        raise BenchError.of_faults("--from", faults)
    if len(chosen) < 2:
        said = f"found {chosen[0]} alone" + (" with its seeds" if len({part.seed for part in parts}) > 1 else "")
        raise BenchError(f"--from: expected two rows at least, {said}; NAME=FILE names runs apart")
    places = dict.fromkeys((part.label, part.seed or NO_SEED) for part in parts)
    return [
        _joined(label, seed, [p for p in parts if (p.label, p.seed or NO_SEED) == (label, seed)])
        for label, seed in places
    ]


def _part(read: ReadRun) -> _Part:
    name = read.name or read.run.model
    match = _SEED.fullmatch(name)
    if match and match["label"]:
        return _Part(match["label"], int(match["seed"]), read)
    nearest = list(read.run.path.parents)[:NEAREST]
    folders = [match for parent in nearest if (match := _SEED_FOLDER.fullmatch(parent.name))]
    return _Part(name, int(folders[0]["seed"]) if folders else None, read)


def _numbered(label: str, parts: Sequence[_Part], are_seeds: bool) -> list[_Part]:
    """The parts of one row; where they are said to be seeds, the n-th file of a group is seed n."""
    of_row = [part for part in parts if part.label == label]
    if not are_seeds or any(part.seed is not None for part in of_row):
        return of_row
    seen: Counter[str] = Counter()
    numbered = []
    for part in of_row:
        seen.update(part.groups)
        numbered.append(replace(part, seed=max(seen[group] for group in part.groups)))
    return numbered


def _faults(label: str, parts: Sequence[_Part]) -> list[Fault]:
    """Groups that one seed of a row has twice."""
    of_row = [part for part in parts if part.label == label]
    faults = []
    for seed in dict.fromkeys(part.seed for part in of_row):
        first: dict[str, Path] = {}
        for part in (part for part in of_row if part.seed == seed):
            for group in part.groups:
                path = part.read.run.path
                if first.setdefault(group, path) != path:
                    ways = f"keep one, name them apart (NAME=FILE), or say --seed-of {label} if they are training seeds"
                    faults.append(Fault(f"{label}, {group}", f"is in {first[group]} and in {path}; {ways}"))
    return faults


def _joined(label: str, seed: int, parts: Sequence[_Part]) -> Placed:
    runs = [part.read.run for part in parts]
    return Placed(
        label,
        seed,
        tuple(chain.from_iterable(run.groups for run in runs)),
        tuple(chain.from_iterable(run.summaries for run in runs)),
        tuple(dict.fromkeys(run.path for run in runs)),
    )
