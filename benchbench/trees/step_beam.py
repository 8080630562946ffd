"""Step beam: breadth-first search that keeps the best few prefixes at every depth (tree of thoughts).

Chain of preference optimisation (Zhang et al., 2024, arXiv:2406.09136) makes its pairs from such a search: at each step
of the path that is selected in the end, the step on the path against every sibling that is not.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from benchbench.core.search import Children, Expansion, Leaf, Prefix, Searching, SearchResult, Siblings, name_of


@dataclass(frozen=True)
class _BeamPrefix:
    """A prefix that the beam holds."""

    prefix: Prefix
    places: tuple[int, ...]
    """Place of each step among its siblings."""
    value: float
    siblings: tuple[Siblings, ...]

    @property
    def is_final(self) -> bool:
        return bool(self.prefix) and self.prefix[-1].is_final


def step_beam(*, keep: int, depth: int, keep_ties: bool = False) -> Searching:
    """Search for the path of the highest value, with all siblings of its steps; asks once per depth for every prefix.

    Args:
        keep: prefixes kept at each depth, >= 1; finished ones are among them and are not continued.
        depth: steps at most, >= 1.
        keep_ties: keep every prefix whose value equals that of the last one kept, as the authors' code does.

    Raises:
        ValueError: a number out of its range, or no continuation of the prompt; both when the search begins.
    """
    if keep < 1 or depth < 1:
        raise ValueError(f"step beam: expected keep and depth of at least 1, got {keep} and {depth}")
    beam, proposed = [_BeamPrefix((), (), 0.0, ())], 0
    for _ in range(depth):
        if all(held.is_final for held in beam):
            break
        children = yield from _children([held for held in beam if not held.is_final])
        proposed += len(children)
        beam = _best([*(held for held in beam if held.is_final), *children], keep, keep_ties)
        if not beam:
            raise ValueError("step beam: expected continuations, none was proposed after any kept prefix")
    best = max(beam, key=lambda held: held.value)  # of equal ones the first
    leaves = tuple(Leaf(held.prefix, held.value) for held in beam)
    return SearchResult(best.prefix, best.siblings, leaves, proposed, proposed)


def _children(beam: Sequence[_BeamPrefix]) -> Generator[Expansion, Children, list[_BeamPrefix]]:
    """All continuations of what is held."""
    prefixes, names = (held.prefix for held in beam), (name_of(held.places) for held in beam)
    answers = yield Expansion(tuple(prefixes), tuple(names))
    children: list[_BeamPrefix] = []
    for held, valued in zip(beam, answers, strict=True):
        steps, worth = tuple(step for step, _ in valued), tuple(value for _, value in valued)
        for place, step in enumerate(steps):
            below = (*held.siblings, Siblings(held.prefix, steps, place, worth))
            children.append(_BeamPrefix((*held.prefix, step), (*held.places, place), worth[place], below))
    return children


def _best(leaves: Sequence[_BeamPrefix], keep: int, keep_ties: bool) -> list[_BeamPrefix]:
    """The best leaves, in the order of their values; equal ones in the order in which they were proposed."""
    ordered = sorted(leaves, key=lambda held: -held.value)
    if keep_ties and len(ordered) > keep:
        return [held for held in ordered if held.value >= ordered[keep - 1].value]
    return ordered[:keep]
