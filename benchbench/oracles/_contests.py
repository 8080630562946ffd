"""Pairs of a group's responses as contests: which are put in which orders, and what came of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from benchbench.core.rollout import Group, Labels

Order = tuple[int, int]
"""Places of the response in the first slot and of the one in the second."""


@dataclass
class Tally:
    """The answers on a group's pairs, as they come."""

    orders: Mapping[Order, tuple[Order, ...]]
    """(i, j) with i < j -> the contests of this pair, in one order or both; identical texts have none."""
    answers: dict[Order, float | None] = field(default_factory=dict)
    """Contest -> probability that its first slot wins; none: no answer."""

    @property
    def contests(self) -> list[Order]:
        """All contests, pair by pair."""
        return [order for orders in self.orders.values() for order in orders]

    @property
    def is_full(self) -> bool:
        """Whether every contest came back."""
        return len(self.answers) == len(self.contests)

    def labels(self) -> Labels:
        """The mean over a pair's orders; a pair with an order unanswered is left out, since silence is no tie.

        Identical texts tie; they are no answers.
        """
        wins: dict[Order, float] = {}
        answers = 0
        for pair, orders in self.orders.items():
            known = [self._first_of_pair(pair, order) for order in orders]
            numbers = [value for value in known if value is not None]
            if not orders:
                wins[pair] = 0.5
            elif len(numbers) == len(orders):
                wins[pair] = math.fsum(numbers) / len(numbers)
                answers += 1
        return Labels(wins=wins, answers=answers)

    def _first_of_pair(self, pair: Order, order: Order) -> float | None:
        """An answer as the probability that the pair's first response wins; none without one."""
        answer = self.answers.get(order)
        return answer if answer is None or order == pair else 1 - answer


def tally_of(group: Group, *, both_orders: bool) -> Tally:
    """The contests of a group: all pairs of different texts, in both orders where the slot may matter."""
    orders: dict[Order, tuple[Order, ...]] = {}
    for i, j in combinations(range(len(group.responses)), 2):
        same = group.responses[i].text == group.responses[j].text
        orders[i, j] = () if same else ((i, j), (j, i)) if both_orders else ((i, j),)
    return Tally(orders)
