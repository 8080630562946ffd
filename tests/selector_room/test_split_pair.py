"""split_pair."""

from __future__ import annotations

from benchbench.core.rollout import Pick

from .toys import group, places, scores, selected


def test_the_pair_of_the_split_as_it_is():
    """Equal texts too, and whatever was drawn beside them; a row has no column, as offline data has none."""
    texts = group("drawn", data=("w", "l"))
    assert places("split_pair", texts) == [(0, 1)]
    assert places("split_pair", group(data=("same", "same"))) == [(0, 1)]
    assert selected("split_pair", [texts], [scores(3.0, 1.0, 2.0)]).picks == [(Pick((0, 1), {}),)]


def test_another_number_of_candidates_is_counted():
    assert places("split_pair", group("a", data=("w",))) == "1 candidates of the split, expected 2"
    assert places("split_pair", group(data=("w", "l", "m"))) == "3 candidates of the split, expected 2"
