"""What selectors share: which responses of a group may make rows, rows of them, and the count of groups without any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Protocol

import numpy as np

from benchbench.core.rollout import Group, Labels, Pick, by_score
from benchbench.core.seeding import stream
from benchbench.core.selector import Selection
from benchbench.data.preference_order import P_CHOSEN

Ties = Literal["drop", "keep"]
Cut = Literal["keep", "drop", "reject_only"]
SCORE, SCORE_GAP, WIN_RATE = "score", "score_gap", "win_rate"
PAIR_COLUMNS = (SCORE, SCORE_GAP, P_CHOSEN, WIN_RATE)
"""What every pair has that was ranked by score."""
WIN_COLUMNS = (P_CHOSEN,)
"""What every pair has whose comparison is known."""
SCORED_COLUMNS = (SCORE, SCORE_GAP)
"""What such a pair has besides where the comparison is of the two scores."""
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
class Untied:
    """Rules of selectors that never make a pair of equal scores."""

    cut: Cut
    ties: Ties = "drop"


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

    def ordered(self, first: int, second: int) -> tuple[int, int] | None:
        """The pair of two places, the preferred one first; none where they may make no pair."""
        for preferred, rejected in ((first, second), (second, first)):
            if preferred in self.preferable and rejected in self.below(preferred):
                return preferred, rejected
        return None

    def pairs(self) -> list[tuple[int, int]]:
        """All pairs that may be made, in order of places, the preferred one first in each."""
        every = (self.ordered(a, b) for a, b in combinations(sorted(self.scores), 2))
        return [places for places in every if places is not None]

    def below(self, preferred: int) -> list[int]:
        """Places that may be rejected against one, best first; equal scores among them where ties are kept.

        A response makes no pair with itself drawn again.
        """
        limit, responses = self.scores[preferred], self.group.responses
        return [
            place
            for place, score in self.scores.items()
            if responses[place].scored != responses[preferred].scored
            and (score < limit or (score == limit and self.ties == "keep"))
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


def mean_wins(group: Group, labels: Labels, opponent: str, *, drop_cut: bool) -> dict[int, float]:
    """Place of each response that was compared with every opponent -> its mean probability of winning.

    Args:
        group: its responses; those of the opponent are not among the places.
        labels: of the group.
        opponent: arm of the sampler.
        drop_cut: whether responses that were cut are left out; opponents stay.
    """
    opponents = [place for place, response in enumerate(group.responses) if response.source == opponent]
    rates: dict[int, float] = {}
    for place, response in enumerate(group.responses):
        known = [win for win in (labels.win(place, other) for other in opponents) if win is not None]
        left_out = place in opponents or (drop_cut and response.is_cut)
        if known and len(known) == len(opponents) and not left_out:
            rates[place] = sum(known) / len(known)
    return rates


def usable(group: Group, cut: Cut, *, every: bool = False) -> list[int]:
    """Places of a group's responses in order, those that were cut left out where `cut` says so.

    Args:
        group: its responses.
        cut: what becomes of those that were cut.
        every: whether identical ones stand as often as they were drawn; else once.
    """
    places = [place for place, response in enumerate(group.responses) if cut != "drop" or not response.is_cut]
    first: dict[tuple[int, ...], int] = {}
    for place in places:
        first.setdefault(group.responses[place].scored, place)
    return places if every else list(first.values())


def preferable(group: Group, places: Sequence[int], cut: Cut) -> list[int]:
    """Those of some places whose response may be preferred."""
    return [place for place in places if cut == "keep" or not group.responses[place].is_cut]


def ranked(group: Group, labels: Labels, rules: PairRules, *, every: bool = False) -> Ranked | str:
    """The usable responses that have a score, or the reason why no pair can be made of them.

    Args:
        group: its responses.
        labels: of the group.
        rules: which pairs may be made.
        every: whether identical responses stand as often as they were drawn, as in means over draws; else once.
    """
    if len(usable(group, rules.cut)) < 2:
        return TOO_FEW
    scores = dict(by_score(labels, usable(group, rules.cut, every=every), len(group.responses)))
    if len(scores) < 2:
        return TOO_FEW_SCORES
    first = preferable(group, [*scores], rules.cut)
    return Ranked(group, labels, scores, tuple(first), rules.ties) if first else ALL_CUT


def compared_pairs(group: Group, labels: Labels, rules: PairRules) -> list[tuple[int, int]] | str:
    """Pairs of usable responses in order of places, the likelier winner first, or why there are none.

    Unlike pairs by score they need no complete table of comparisons: a pair without one is left out.
    """
    every = rules.ties == rules.cut == "keep"  # draws as they were drawn, repeated ones too
    places = usable(group, rules.cut, every=every)
    if len(places) < 2:
        return TOO_FEW
    allowed = set(preferable(group, places, rules.cut))
    if not allowed:
        return ALL_CUT
    pairs: list[tuple[int, int]] = []
    for a, b in combinations(places, 2):
        if group.responses[a].scored == group.responses[b].scored:
            continue  # a response against itself teaches nothing
        win = labels.win(a, b)
        if win is None or (win == 0.5 and rules.ties == "drop"):
            continue
        orders = [(a, b), (b, a)] if win == 0.5 else [(a, b)] if win > 0.5 else [(b, a)]
        pairs += [order for order in orders if order[0] in allowed][:1]
    return pairs or "no two responses that the oracle tells apart"


def keep_best(selection: Selection, count: int, worth: Sequence[float], reason: str) -> Selection:
    """A selection with the rows of so many groups at most: those of the highest worth, of equal ones the first.

    Args:
        selection: it is not changed.
        count: groups that keep their rows.
        worth: one number per group; not read for groups without rows.
        reason: what groups beyond them are counted under.
    """
    with_rows = [place for place, rows in enumerate(selection.picks) if rows]
    stay = set(sorted(with_rows, key=lambda place: (-worth[place], place))[:count])
    picks = [rows if place in stay else () for place, rows in enumerate(selection.picks)]
    beyond = len(with_rows) - len(stay)
    return Selection(picks, {**selection.dropped, **({reason: beyond} if beyond else {})})


def number(row: Pick, column: str) -> float:
    """A column of a row that has a single number in it."""
    value = row.columns[column]
    assert isinstance(value, float)
    return value


def pair(labels: Labels, preferred: int, rejected: int, responses: int) -> Pick:
    """The row of two responses, with what the labels say of them.

    Columns are `score` (of both), `score_gap` (their difference), `p_chosen` (probability that the first is preferred),
    `win_rate` (of both against all of the group, themselves as one half) and those of the labels, where they are known.
    """
    row = several(labels, (preferred, rejected), responses)
    columns = dict(row.columns)
    if isinstance(scores := columns.get(SCORE), tuple):
        columns[SCORE_GAP] = scores[0] - scores[1]
    if (win := labels.win(preferred, rejected)) is not None:
        columns[P_CHOSEN] = win
    return Pick(row.places, columns)


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
