"""Several pairs of a group whose responses lie far from each other.

Pairs are taken one after another: each is, of the pairs that the oracle tells apart, the one whose two responses lie
farthest from those taken before; the first is the pair whose two lie farthest apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.ranges import require_at_least
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Ties, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """How many pairs, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: no pair.
    """

    pairs: int = 2
    """Most pairs per group, >= 1."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "pairs")


def distance(first: frozenset[int], second: frozenset[int]) -> float:
    """Jaccard distance of two sets of tokens, in [0, 1]: 1 - shared / all; two empty ones are equal."""
    return 1 - len(first & second) / len(first | second) if first or second else 0.0


def spread(words: Mapping[int, frozenset[int]], places: tuple[int, int], before: Sequence[int]) -> float:
    """Smallest distance of a pair's responses from those taken before, summed; without any, that of the two."""
    if not before:
        return distance(words[places[0]], words[places[1]])
    return sum(min(distance(words[place], words[other]) for other in before) for place in places)


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """Up to so many pairs per group; of equally distant ones the first in order of places; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        left = responses.pairs()
        if not left:
            return ALL_EQUAL
        words = {place: frozenset(response.tokens) for place, response in enumerate(group.responses)}
        taken: list[tuple[int, int]] = []
        while left and len(taken) < options.pairs:
            before = [place for pair_of_places in taken for place in pair_of_places]
            farthest = max(left, key=lambda places: spread(words, places, before))
            taken.append(farthest)
            left.remove(farthest)
        return tuple(pair(of_group, *places, len(group.responses)) for places in taken)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="diverse",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    open_question=(
        "DIVE (arXiv:2501.00747) selects pairs by diversity from an enlarged pool of draws; its measure and its rule "
        "were not read, so distance of token sets and the greedy order are this bench's."
    ),
)
