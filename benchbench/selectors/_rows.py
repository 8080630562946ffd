"""What selectors share: which responses of a group may make rows, rows of them, and the count of groups without any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from benchbench.core.rollout import Group, Labels, Pick, by_score
from benchbench.core.seeding import stream
from benchbench.core.selector import Selection
from benchbench.data.preference_order import P_CHOSEN

Ties = Literal["drop", "keep"]
Cut = Literal["keep", "drop", "reject_only"]
SCORE, WIN_RATE = "score", "win_rate"
PAIR_COLUMNS = (SCORE, P_CHOSEN)
NO_LABEL = "no label"
TOO_FEW = "fewer than two different responses"
TOO_FEW_SCORES = "fewer than two responses with a score"
ALL_CUT = "every response was cut"
ALL_EQUAL = "no response with a lower score than the best"
Rule = Callable[[Group, Labels], "tuple[Pick, ...] | str"]
"""The rows of a labelled group, at least one, or the reason why it gives none."""


class PairRules(Protocol):
    """Options that selectors of pairs have in common."""

    @property
    def ties(self) -> Ties:
        """`drop` makes no pair of two responses of equal worth; `keep` makes it, in the order in which they stand."""
        ...

    @property
    def cut(self) -> Cut:
        """What becomes of responses that were cut: used, left out, or never preferred."""
        ...


@dataclass(frozen=True)
class Ranked:
    """The usable responses of a group with their scores."""

    group: Group
    labels: Labels
    scores: dict[int, float]
    """Place -> score, best first; equal scores in the order of places."""
    preferable: tuple[int, ...]
    """Places that may be preferred, best first; at least one."""
    ties: Ties

    def below(self, preferred: int) -> list[int]:
        """Places that may be rejected against one, best first; equal scores among them where ties are kept."""
        limit = self.scores[preferred]
        return [
            place
            for place, score in self.scores.items()
            if place != preferred and (score < limit or (score == limit and self.ties == "keep"))
        ]

    def lowest(self, places: Sequence[int]) -> int:
        """The place of the lowest score among some; of equal ones the first."""
        return min(places, key=lambda place: (self.scores[place], place))


def each_group(groups: Sequence[Group], labels: Sequence[Labels | None], rule: Rule) -> Selection:
    """What a rule makes of every group that has labels; a group without labels gives no row."""
    picks: list[tuple[Pick, ...]] = []
    reasons: Counter[str] = Counter()
    for group, of_group in zip(groups, labels, strict=True):
        rows = NO_LABEL if of_group is None else rule(group, of_group)
        if isinstance(rows, str):
            reasons[rows] += 1
        picks.append(() if isinstance(rows, str) else rows)
    return Selection(picks, dict(reasons))


def without_labels(groups: Sequence[Group], rule: Callable[[Group], tuple[Pick, ...] | str]) -> Selection:
    """As `each_group`, for a rule that reads no label."""
    nothing = Labels(scores=())
    return each_group(groups, [nothing] * len(groups), lambda group, _: rule(group))


def usable(group: Group, cut: Cut) -> list[int]:
    """Places of a group's responses in order, identical ones once, those that were cut left out where `cut` says so."""
    first: dict[tuple[int, ...], int] = {}
    for place, response in enumerate(group.responses):
        if cut != "drop" or not response.is_cut:
            first.setdefault(response.scored, place)
    return list(first.values())


def preferable(group: Group, places: Sequence[int], cut: Cut) -> list[int]:
    """Those of some places whose response may be preferred."""
    return [place for place in places if cut == "keep" or not group.responses[place].is_cut]


def ranked(group: Group, labels: Labels, rules: PairRules) -> Ranked | str:
    """The usable responses that have a score, or the reason why no pair can be made of them."""
    places = usable(group, rules.cut)
    if len(places) < 2:
        return TOO_FEW
    scores = dict(by_score(labels, places, len(group.responses)))
    if len(scores) < 2:
        return TOO_FEW_SCORES
    first = preferable(group, [*scores], rules.cut)
    return Ranked(group, labels, scores, tuple(first), rules.ties) if first else ALL_CUT


def pair(labels: Labels, preferred: int, rejected: int, responses: int) -> Pick:
    """The row of two responses, with what the labels say of them.

    Columns are `score` (of both), `p_chosen` (probability that the first is preferred), `win_rate` (of both against all
    of the group, themselves as one half) and those of the labels, each where it is known.
    """
    row = several(labels, (preferred, rejected), responses)
    win = labels.win(preferred, rejected)
    return row if win is None else Pick(row.places, {**row.columns, P_CHOSEN: win})


def several(labels: Labels, places: Sequence[int], responses: int) -> Pick:
    """The row of some responses, with the columns of `pair` that belong to each candidate."""
    columns: dict[str, float | tuple[float, ...]] = {
        name: tuple(values[place] for place in places) for name, values in labels.columns.items()
    }
    known = {
        SCORE: [labels.score(place, responses) for place in places],
        WIN_RATE: [labels.win_against_all(place, responses) for place in places],
    }
    for name, values in known.items():
        numbers = tuple(value for value in values if value is not None)
        if len(numbers) == len(places):
            columns[name] = numbers
    return Pick(tuple(places), columns)


def draws_of(key: int, group: Group) -> np.random.Generator:
    """A group's own draws, which no other group shifts.

    Args:
        key: drawn once for a selection, see `draw_key`.
        group: named by its example, round and prefix.
    """
    return stream(key, f"select r{group.round} {group.example} {group.prefix}")


def draw_key(draws: np.random.Generator) -> int:
    """The key of a selection, from its generator."""
    return int(draws.integers(2**62))
