"""The seeds of rows: what is drawn from them, which are different runs, and whether rows share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchbench.comparison.pairs.replicates import Replicates

SeedsOf = Mapping[int, frozenset[int]]
"""Seed of a row -> the seeds that something is drawn from; empty where nothing is."""


@dataclass(frozen=True)
class SeedRow:
    """The seeds of one row."""

    label: str
    group: str
    """Rows of one group are compared, seed by seed."""
    draws: Mapping[tuple[str, str], SeedsOf]
    """(stream, kind of stage) -> what it is drawn from at each seed."""
    runs: Replicates
    """Which seeds are different runs."""
    looked_at: str
    """What says so: rows that were scored, or the settings alone."""
    not_run: tuple[int, ...]
    """Seeds of which a stage has not finished."""
    losses: str
    """Where the logged losses of the seeds part."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """All of them."""
        return self.runs.seeds


def parting(losses: Sequence[Sequence[float]]) -> str:
    """Where the logged losses of several seeds are first different for all of them.

    Args:
        losses: [k][steps] of each seed, as logged.
    """
    steps = min(map(len, losses), default=0)
    if len(losses) < 2 or not steps:
        return "nothing to compare"
    for place in range(steps):
        if len({each[place] for each in losses}) == len(losses):
            return f"all different from logged step {place + 1} of {steps}"
    which = "equal" if all(list(each[:steps]) == list(losses[0][:steps]) for each in losses) else "some are equal"
    return f"{which} at the only logged step" if steps == 1 else f"{which} in all {steps} logged steps"


def copies(rows: Sequence[SeedRow]) -> Iterator[str]:
    """Rows whose seeds are not as many runs."""
    for row in rows:
        if row.runs.k < len(row.seeds):
            counted = (
                f"{len(row.seeds)} seeds are {row.runs.k} run{'s' if row.runs.k > 1 else ''}, not {len(row.seeds)}"
            )
            yield f"{row.label}: {counted}: {row.runs.note}"


def unequal(rows: Sequence[SeedRow]) -> Iterator[str]:
    """Rows that lack seeds which others of their group have; a comparison over unequal seeds is refused."""
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        everywhere = sorted({seed for row in members for seed in row.seeds})
        for row in members:
            if missing := [seed for seed in everywhere if seed not in row.seeds]:
                yield f"{row.label}: no run of seed {', '.join(map(str, missing))}, which other rows have"


def unpaired(rows: Sequence[SeedRow]) -> Iterator[str]:
    """What rows of one group draw from different seeds where they should share one."""
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        for place in dict.fromkeys(place for row in members for place in row.draws):
            drawing = [row for row in members if place in row.draws]
            for seed in dict.fromkeys(seed for row in drawing for seed in row.seeds):
                used = {row.label: row.draws[place][seed] for row in drawing if row.draws[place].get(seed)}
                if len(set(used.values())) > 1:
                    stream, kind = place
                    named = ", ".join(f"{label} from {numbers(seeds)}" for label, seeds in used.items())
                    yield f"{stream} of {kind} at seed {seed} is not paired: {named}"


def numbers(seeds: frozenset[int]) -> str:
    """Seeds as words."""
    return " and ".join(map(str, sorted(seeds)))
