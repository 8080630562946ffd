"""Which candidate is the preferred one: the ratings say it, or the order given; contradictions are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from benchbench.core.errors import BenchError
from benchbench.core.example import PREFERRED, Example
from benchbench.data.column_shape import is_missing

PreferredBy = Literal["ratings", "given"]
PUT_FIRST = "candidates put best first by their ratings"
EXCHANGED = "ratings against the order given, ratings taken"
KEPT = "ratings against the order given, order kept"
UNRATED = "ratings missing, order kept"
NO_ORDER = "candidates without ratings, in no known order"
BY_ROLES = "candidates with roles, ordered by these and not by ratings"
SOFT = "p_chosen below one half, order kept"
P_CHOSEN = "p_chosen"
"""Probability that the first candidate of a pair is the preferred one; it turns with the pair."""
_SHOWN = 5


@dataclass(frozen=True)
class PreferenceOrder:
    """What decides which candidate is the preferred one, and so the first.

    Raises:
        ValueError: "option: expected ..., got ...".
    """

    by: PreferredBy = "ratings"
    max_contradicted: float = 0.05

    def __post_init__(self) -> None:
        if self.by not in get_args(PreferredBy):
            raise ValueError(f"preferred_by: expected ratings or given, got '{self.by}'")
        if not 0 <= self.max_contradicted <= 1:
            raise ValueError(f"max_contradicted: expected a share in [0, 1], got {self.max_contradicted}")


def put_in_order(
    examples: Sequence[Example], order: PreferenceOrder, *, claimed: bool, where: str, notes: Counter[str]
) -> tuple[Example, ...]:
    """The examples with their preferred candidate first; equal ratings keep the order given.

    Args:
        examples: of one split.
        order: what decides.
        claimed: the rows name the preferred response, as `chosen` or as the only one; a list of candidates does not.
        where: file or data set and split, for messages.
        notes: what was put right or left open is counted there.

    Raises:
        BenchError: the ratings contradict the order that the rows, or the recipe, claim in more rows than allowed.
    """
    claimed = claimed or order.by == "given"
    several = [example for example in examples if len(example.candidates) > 1 and example.roles is None]
    rated = [example for example in several if _is_rated(example)]
    against = [example for example in rated if _best_first(example)[0] != 0]
    if claimed:
        _refuse(against, len(rated), order, where)
    if order.by == "given":
        _note(notes, KEPT, len(against))
    elif claimed:
        _note(notes, EXCHANGED, len(against))
    else:
        _note(notes, PUT_FIRST, sum(_best_first(example) != [*range(len(example.candidates))] for example in rated))
    _note(notes, UNRATED, sum(example.ratings is not None and not _is_rated(example) for example in several))
    _note(notes, NO_ORDER, 0 if claimed or rated else len(several))
    ordered = tuple(examples) if order.by == "given" else tuple(map(_sorted, examples))
    _note(notes, SOFT, sum(map(_prefers_second, ordered)))
    _note(notes, BY_ROLES, sum(example.roles is not None for example in examples))
    return ordered


def knows_order(examples: Sequence[Example], order: PreferenceOrder, *, claimed: bool) -> bool:
    """Whether every first candidate is known to be the preferred one: by the rows, recipe, roles or ratings."""
    several = [example for example in examples if len(example.candidates) > 1]
    known = all(e.roles[0] in PREFERRED if e.roles else _is_rated(e) for e in several)
    return claimed or order.by == "given" or known


def _refuse(against: Sequence[Example], rated: int, order: PreferenceOrder, where: str) -> None:
    if not rated or len(against) <= order.max_contradicted * rated:
        return
    names = ", ".join(example.id for example in against[:_SHOWN]) + (", ..." if len(against) > _SHOWN else "")
    raise BenchError(
        f"{where}: expected the first response (of a pair the chosen one) to have the best rating, found a better "
        f"rated one after it in {len(against)} of {rated} rated rows ({len(against) / rated:.1%}; "
        f"max_contradicted allows {order.max_contradicted:.1%}): {names}. If the ratings are right, raise "
        "data.options.max_contradicted and set preferred_by to ratings, which puts the best one first; if the order "
        "is right, raise max_contradicted and set preferred_by to given; if a column has the wrong name, map it by "
        "rename"
    )


def _is_rated(example: Example) -> bool:
    return example.ratings is not None and not is_missing(example.ratings)


def _best_first(example: Example) -> list[int]:
    ratings = example.ratings
    assert ratings is not None
    return sorted(range(len(ratings)), key=lambda k: -ratings[k])


def _sorted(example: Example) -> Example:
    """The example best first, with what belongs to each candidate; as it is with roles or without some rating."""
    places = _best_first(example) if example.roles is None and _is_rated(example) else []
    if places == sorted(places):
        return example
    p = example.columns.get(P_CHOSEN)
    turned = {P_CHOSEN: 1.0 - p} if isinstance(p, float) and len(places) == 2 and 0 <= p <= 1 else {}
    ordered = example.taking(places)
    return replace(ordered, columns={**ordered.columns, **turned})


def _prefers_second(example: Example) -> bool:
    p = example.columns.get(P_CHOSEN)
    return isinstance(p, float) and len(example.candidates) == 2 and p < 0.5


def _note(notes: Counter[str], note: str, count: int) -> None:
    if count:
        notes[note] += count
