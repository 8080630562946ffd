"""acquire."""

from __future__ import annotations

import pytest

from benchbench import transforms

from .toys import ids, pair, transformed

EXAMPLES = [pair(name, entropy=h, r=(h, 2.0)) for name, h in zip("abcde", (5.0, 1.0, 3.0, 4.0, 2.0), strict=True)]


@pytest.mark.parametrize(
    ("rule", "taken"),
    [("highest", ["a", "d"]), ("lowest", ["b", "e"]), ("middle", ["c", "d"]), ("tails", ["a", "b"])],
)
def test_by_hand(rule: str, taken: list[str]):
    """Entropies 5, 1, 3, 4, 2 rank a, d, c, e, b; a budget of two; the middle two of five begin at the second."""
    become, counts = transformed("acquire", EXAMPLES, budget=2, column="entropy", rule=rule)
    assert ids(become) == taken and counts.dropped == {"outside the budget": 3}


def test_the_gap_of_two_rewards_is_the_score_where_it_is_asked_for():
    """Gaps 3, 1, 1, 2, 0."""
    assert ids(transformed("acquire", EXAMPLES, budget=2, gap="r")[0]) == ["a", "d"]


def test_a_budget_above_the_pool_takes_all():
    assert len(transformed("acquire", EXAMPLES, budget=9, column="entropy")[0]) == 5
    assert len(transformed("acquire", EXAMPLES, budget=3, column="entropy", rule="random")[0]) == 3


def test_exactly_one_score_is_asked_for():
    with pytest.raises(ValueError, match="column: expected exactly one"):
        transforms.get("acquire").options(budget=1)
