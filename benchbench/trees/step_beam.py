"""Step beam: breadth-first search that keeps the best few prefixes at every depth (tree of thoughts).

Chain of preference optimisation (Zhang et al., 2024, arXiv:2406.09136) makes its pairs from such a search: at each step
of the path that is selected in the end, the step on the path against every sibling that is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchbench.trees.environment import Environment, Prefix, name_of
from benchbench.trees.siblings import SearchResult, Siblings

ChooseLeaf = Callable[[Sequence[Prefix], Sequence[float]], int]
"""(leaves, their values) -> place of the leaf whose path is selected."""


@dataclass(frozen=True)
class _Leaf:
    """A prefix that the beam holds."""

    prefix: Prefix
    places: tuple[int, ...]
    """Place of each step among its siblings."""
    value: float
    siblings: tuple[Siblings, ...]

    @property
    def is_final(self) -> bool:
        return bool(self.prefix) and self.prefix[-1].is_final


def best_value(leaves: Sequence[Prefix], values: Sequence[float]) -> int:
    """The leaf of the highest value, the first of equal ones."""
    return max(range(len(leaves)), key=lambda place: values[place])


def largest_answer_group(answer_of: Callable[[Prefix], str | None]) -> ChooseLeaf:
    """A choice among the leaves whose answer has the largest sum of values; of those, the highest value.

    This is the final selection of the authors' code for questions and arithmetic. Leaves without an answer (none) are
    chosen only where no leaf has one.
    """

    def choose(leaves: Sequence[Prefix], values: Sequence[float]) -> int:
        totals: dict[str, float] = defaultdict(float)
        answers = [answer_of(leaf) for leaf in leaves]
        for answer, value in zip(answers, values, strict=True):
            if answer is not None:
                totals[answer] += value
        best = max(totals, key=lambda answer: totals[answer]) if totals else None
        return max((k for k, answer in enumerate(answers) if answer == best), key=lambda k: values[k])

    return choose


def step_beam(
    environment: Environment, *, keep: int, depth: int, keep_ties: bool = False, choose: ChooseLeaf = best_value
) -> SearchResult:
    """Search, and return the selected path with all siblings of its steps.

    Args:
        environment: proposes and values; asked once per depth for all kept prefixes together.
        keep: prefixes kept at each depth, >= 1; finished ones are among them and are not continued.
        depth: steps at most, >= 1.
        keep_ties: keep every prefix whose value equals that of the last one kept, as the authors' code does.
        choose: which leaf's path is selected.

    Raises:
        ValueError: a number out of its range, or an environment that proposes nothing at the root.
    """
    if keep < 1 or depth < 1:
        raise ValueError(f"step beam: expected keep and depth of at least 1, got {keep} and {depth}")
    beam, proposed = [_Leaf((), (), 0.0, ())], 0
    for _ in range(depth):
        if all(leaf.is_final for leaf in beam):
            break
        children = _children(environment, [leaf for leaf in beam if not leaf.is_final])
        proposed += len(children)
        beam = _best([*(leaf for leaf in beam if leaf.is_final), *children], keep, keep_ties)
        if not beam:
            raise ValueError("step beam: expected continuations, the environment proposed none to any kept prefix")
    leaf = beam[choose([leaf.prefix for leaf in beam], [leaf.value for leaf in beam])]
    return SearchResult(leaf.prefix, leaf.siblings, proposed, proposed)


def _children(environment: Environment, leaves: Sequence[_Leaf]) -> list[_Leaf]:
    """All continuations of the leaves, valued together."""
    proposals = environment.propose([leaf.prefix for leaf in leaves], [name_of(leaf.places) for leaf in leaves])
    prefixes = [
        (*leaf.prefix, continuation)
        for leaf, continuations in zip(leaves, proposals, strict=True)
        for continuation in continuations
    ]
    values = iter(environment.values(prefixes))
    children = []
    for leaf, continuations in zip(leaves, proposals, strict=True):
        worth = tuple(next(values) for _ in continuations)
        for place, continuation in enumerate(continuations):
            siblings = Siblings(leaf.prefix, tuple(continuations), place, worth)
            below = (*leaf.siblings, siblings)
            children.append(_Leaf((*leaf.prefix, continuation), (*leaf.places, place), worth[place], below))
    return children


def _best(leaves: Sequence[_Leaf], keep: int, keep_ties: bool) -> list[_Leaf]:
    """The best leaves, in the order of their values; equal ones in the order in which they were proposed."""
    ordered = sorted(leaves, key=lambda leaf: -leaf.value)
    if keep_ties and len(ordered) > keep:
        return [leaf for leaf in ordered if leaf.value >= ordered[keep - 1].value]
    return ordered[:keep]
