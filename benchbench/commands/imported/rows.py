"""Which row of a table, and which seed of it, each run is: by names, by folders, or as the command line says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from benchbench.commands.imported.files import ReadFiles, ReadRun
from benchbench.core.errors import BenchError, Fault, unknown_name
from benchbench.core.imported import GroupSummary, ItemScores

_SEED = re.compile(r"(?P<label>.*?)[-_./ ]*seed[-_= ]?(?P<seed>\d+)", re.IGNORECASE)
_SEED_FOLDER = re.compile(r"seed[-_= ]?(?P<seed>\d+)", re.IGNORECASE)
NEAREST = 3
"""Folders above a file that may name its seed: tools put a folder per model, and one per judge, between."""
ONE_ROW = "NAME=FILE names runs apart"
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
        """Names of its tasks, subsets or categories, each once."""
        return list(dict.fromkeys(group.group for group in (*self.read.run.groups, *self.read.run.summaries)))


def place_runs(read: ReadFiles, *, seeds_of: Sequence[str] = (), targets: Sequence[str] = ()) -> list[Placed]:
    """The rows of a table, each with its runs, in the order of the targets or of the files.

    A name that ends with `seed` and a number is one seed of the row that the rest names; a folder that is called so
    and nothing else names the seed of what lies in it. Where rows have seeds, a row of one run without a seed, such as
    a model that nobody trained again, stands at every seed.

    Args:
        read: files and folders.
        seeds_of: labels whose runs are training seeds of one model, in the order of the files, without numbers.
        targets: labels to compare, the baseline first; none takes all.

    Raises:
        BenchError: a label that is not there; several runs of one label that nothing says to be seeds; one row alone.
    """
    parts = [_part(run) for run in read.runs]
    labels = list(dict.fromkeys(part.label for part in parts))
    for label in (*targets, *seeds_of):
        if label not in labels:
            raise unknown_name("row", label, labels)
    chosen = list(dict.fromkeys(targets)) or labels
    if unread := [label for label in seeds_of if label not in chosen]:
        raise BenchError(f"--seed-of: {', '.join(unread)}: not among the rows that are compared; leave it out")
    by_label = {label: _numbered(label, parts, label in seeds_of) for label in chosen}
    if faults := [fault for label, of_row in by_label.items() for fault in _faults(label, of_row, label in seeds_of)]:
        raise BenchError.of_faults("--from", faults)
    if len(chosen) < 2:
        several = len({part.seed for part in by_label[chosen[0]]}) > 1
        said = f"found {chosen[0]} alone" + (" with its seeds" if several else "")
        raise BenchError("; ".join([f"--from: expected two rows at least, {said}", ONE_ROW, *read.notes]))
    seeds = {
        label: sorted({part.seed for part in of_row if part.seed is not None}) for label, of_row in by_label.items()
    }
    if all(len(of_row) < 2 for of_row in seeds.values()):
        return [_joined(label, NO_SEED, of_row) for label, of_row in by_label.items()]
    every = sorted({seed for of_row in seeds.values() for seed in of_row})
    return [
        _joined(label, seed, [part for part in of_row if part.seed in (seed, None)])
        for label, of_row in by_label.items()
        for seed in seeds[label] or every
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


def _faults(label: str, parts: Sequence[_Part], are_seeds: bool) -> Iterator[Fault]:
    """Seeds of which some are named and others not, groups that one seed has twice, and --seed-of without a use."""
    if are_seeds and len({part.seed for part in parts}) == 1:
        yield Fault(f"--seed-of {label}", "has one run alone, or a name that says its seed; leave it out")
    seeds = list(dict.fromkeys(part.seed for part in parts))
    if None in seeds and len(seeds) > 1:
        paths = [str(part.read.run.path) for part in parts if part.seed is None]
        yield Fault(label, f"some runs have a seed in their name, {paths[0]} has none; name it NAME-seed1=FILE")
        return
    for seed in seeds:
        first: dict[str, Path] = {}
        for group, path in [(g, part.read.run.path) for part in parts if part.seed == seed for g in part.groups]:
            if first.setdefault(group, path) != path:
                ways = f"keep one, name them apart (NAME=FILE), or say --seed-of {label} if they are training seeds"
                yield Fault(f"{label}, {group}", f"is in {first[group]} and in {path}; {ways}")


def _joined(label: str, seed: int, parts: Sequence[_Part]) -> Placed:
    runs = [part.read.run for part in parts]
    return Placed(
        label,
        seed,
        tuple(chain.from_iterable(run.groups for run in runs)),
        tuple(chain.from_iterable(run.summaries for run in runs)),
        tuple(dict.fromkeys(run.path for run in runs)),
    )
