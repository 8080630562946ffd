"""Who answers a search: an environment for one prompt, or whoever answers many searches that go on side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from benchbench.core.search import Children, Continuation, Expansion, Prefix, Searching, SearchResult

Questions = Sequence[tuple[int, Expansion]]
"""(which search, what it asks for), for each search that goes on."""


class Environment(Protocol):
    """A policy and a judge of unfinished texts, for one prompt.

    Everything that is drawn is drawn from a stream of the name that is passed, so a search repeats itself.
    """

    def propose(self, prefixes: Sequence[Prefix], names: Sequence[str]) -> Sequence[Sequence[Continuation]]:
        """Continuations of each prefix, none of which is final; as many as the environment likes, or none.

        Args:
            prefixes: what has been chosen so far.
            names: one for each, which names its draws: `root`, or the places from the root on, such as `root.2.0`.
        """
        ...

    def values(self, prefixes: Sequence[Prefix]) -> Sequence[float]:
        """What each prefix is worth, higher is better; any finite number."""
        ...


def searched(searching: Searching, environment: Environment) -> SearchResult:
    """The result of one search in an environment."""
    return searched_together([searching], lambda wanted: [_children(environment, wanted[0][1])])[0]


def searched_together(
    searches: Sequence[Searching], answer: Callable[[Questions], Sequence[Children]]
) -> list[SearchResult]:
    """The results of several searches, which go on in step: what all of them ask for is answered at once.

    No search reads another's answers, so each comes to the result that it would come to alone.

    Args:
        searches: not begun.
        answer: gives the children of each search that asks, in the order in which they are asked for.
    """
    results: dict[int, SearchResult] = {}
    pending: list[tuple[int, Expansion]] = []
    for place, searching in enumerate(searches):
        pending.append((place, next(searching)))
    while pending:
        answers = answer(pending)
        following: list[tuple[int, Expansion]] = []
        for (place, _), children in zip(pending, answers, strict=True):
            try:
                following.append((place, searches[place].send(children)))
            except StopIteration as finished:
                results[place] = finished.value
        pending = following
    return [results[place] for place in range(len(searches))]


def _children(environment: Environment, expansion: Expansion) -> Children:
    """All continuations of the prefixes, valued together."""
    proposals = environment.propose(expansion.prefixes, expansion.names)
    prefixes = [
        (*prefix, continuation)
        for prefix, continuations in zip(expansion.prefixes, proposals, strict=True)
        for continuation in continuations
    ]
    values = iter(environment.values(prefixes))
    return [[(continuation, next(values)) for continuation in continuations] for continuations in proposals]
