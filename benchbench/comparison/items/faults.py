"""What makes the runs of other tools unfit to be compared: other groups, items, contents, settings or prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchbench.core.errors import Fault
from benchbench.core.imported import ItemScores

MOST_NAMED = 3
"""Items that a message names; it counts the others."""
MOST_LETTERS = 60
"""Of an item's name in a message, which may be a whole instruction."""
PROMPT = "prompt"
_WAY_OUT = "--allow-different compares all the same and marks the row"


@dataclass(frozen=True, eq=False)
class SeededRun:
    """One run of one row of a table."""

    label: str
    """Name of the row."""
    seed: int
    groups: tuple[ItemScores, ...]
    several: bool = False
    """Whether the rows of the table have several runs each."""

    @property
    def where(self) -> str:
        """What a message calls it."""
        return f"{self.label} seed {self.seed}" if self.several else self.label


def group_faults(runs: Sequence[SeededRun], first: SeededRun) -> Iterator[Fault]:
    """Groups that only some runs have."""
    expected = [group.group for group in first.groups]
    for run in runs:
        names = [group.group for group in run.groups]
        missing = [name for name in expected if name not in names]
        further = [name for name in names if name not in expected]
        if missing or further:
            parts = [f"lacks {some(missing)}"] if missing else []
            parts += [f"has {some(further)}"] if further else []
            yield Fault(run.where, f"{' and '.join(parts)}, unlike {first.where}; --tasks names those to compare")


def repeated_faults(run: SeededRun) -> Iterator[Fault]:
    """Items that one run has twice, of which nobody can say which to pair."""
    for group in run.groups:
        repeated = [item for item, count in Counter(group.items).items() if count > 1]
        if repeated:
            problem = f"expected every item once, found {len(repeated)} more than once ({some(repeated)})"
            yield Fault(_place(run, group), f"{problem}; keep one row of each")


def item_faults(run: SeededRun, first: SeededRun) -> Iterator[Fault]:
    """Items that only one of two runs of the same groups has."""
    for group, expected in zip(run.groups, first.groups, strict=True):
        have, need = set(group.items), set(expected.items)
        missing = [item for item in expected.items if item not in have]
        further = [item for item in group.items if item not in need]
        if missing or further:
            parts = [f"{len(missing)} missing ({some(missing)})"] if missing else []
            parts += [f"{len(further)} more ({some(further)})"] if further else []
            problem = f"expected the {len(expected.items)} items of {first.where}, found {' and '.join(parts)}"
            yield Fault(_place(run, group), f"{problem}; run both on the same items, with the same limit or none")


def content_faults(run: SeededRun, first: SeededRun) -> Iterator[Fault]:
    """Items of one name that are not the same; both runs have them in one order."""
    for group, expected in zip(run.groups, first.groups, strict=True):
        if group.contents and expected.contents:
            others = [item for item, a, b in zip(group.items, group.contents, expected.contents, strict=True) if a != b]
            if others:
                count = f"{len(others)} of {len(group.items)} items are others than those of {first.where}"
                problem = f"{count} under the same name ({some(others)})"
                yield Fault(_place(run, group), f"{problem}; the runs read two versions of the data, so repeat one")


def setting_faults(run: SeededRun, first: SeededRun) -> Iterator[Fault]:
    """Settings, and what went with each item, that differ between two runs where both state them."""
    for group, expected in zip(run.groups, first.groups, strict=True):
        where = _place(run, group)
        for name in [name for name in group.settings if name in expected.settings]:
            if group.settings[name] != expected.settings[name]:
                values = f"expected {expected.settings[name]} as {first.where} has it, found {group.settings[name]}"
                yield Fault(f"{where}, {name}", f"{values}; {_WAY_OUT}")
        for name in [name for name in group.conditions if name in expected.conditions]:
            count = sum(a != b for a, b in zip(group.conditions[name], expected.conditions[name], strict=True))
            if count:
                because = ": few-shot examples, template or instruction are others" if name == PROMPT else ""
                problem = f"{count} of {len(group.items)} are not those of {first.where}{because}"
                yield Fault(f"{where}, {name}", f"{problem}; {_WAY_OUT}")


def differences(run: SeededRun, first: SeededRun) -> list[str]:
    """Names of what differs between two runs that were compared all the same, each once."""
    return list(dict.fromkeys(fault.where.rpartition(", ")[2] for fault in setting_faults(run, first)))


def in_order(group: ItemScores, expected: ItemScores) -> ItemScores:
    """The same items in the order of another run's, which has the same ones."""
    places = {item: place for place, item in enumerate(group.items)}
    order = np.array([places[item] for item in expected.items])

    def permuted(labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(labels[place] for place in order) if labels else labels

    metrics = {
        name: replace(m, values=m.values[order], weights=None if m.weights is None else m.weights[order])
        for name, m in group.metrics.items()
    }
    return replace(
        group,
        items=expected.items,
        metrics=metrics,
        contents=permuted(group.contents),
        conditions={name: permuted(labels) for name, labels in group.conditions.items()},
        columns={name: permuted(labels) for name, labels in group.columns.items()},
    )


def some(names: Sequence[str]) -> str:
    """The first few names, shortened, and how many there are beside them."""
    lines = [" ".join(name.split()) for name in names[:MOST_NAMED]]
    shown = ", ".join(f"{line[:MOST_LETTERS]}..." if len(line) > MOST_LETTERS else line for line in lines)
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"


def _place(run: SeededRun, group: ItemScores) -> str:
    return f"{run.where}, {group.group}"
