"""Searches of many prompts that go on side by side: what all of them ask for is answered at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchbench.core.search import Children, Expansion, Searching, SearchResult

Questions = Sequence[tuple[int, Expansion]]
"""(which search, what it asks for), for each search that goes on."""


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
