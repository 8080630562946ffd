"""vote_share."""

from __future__ import annotations

import math

import pytest

from .toys import ids, pair, texts, transformed

VOTES = {"a": (1.0, 1.0, 0.0), "b": (0.0, 0.0, 1.0), "c": (1.0, 0.0, math.nan), "d": (math.nan,) * 3}
EXAMPLES = [pair(name, **dict(zip(("v", "w", "x"), votes, strict=True))) for name, votes in VOTES.items()]


def test_by_hand():
    """Two of three for the first; two of three for the second, exchanged; one of two is a tie; none drops."""
    become, counts = transformed("vote_share", EXAMPLES, voters=["v", "w", "x"])
    assert ids(become) == ["a", "b", "c"] and texts(become)[1] == ("bad", "good")
    assert [e.columns["p_votes"] for e in become] == [pytest.approx(2 / 3), pytest.approx(2 / 3), 0.5]
    assert counts.dropped == {"too few votes": 1}
    assert counts.changed == {"majority for the second response, exchanged": 1, "votes tied": 1}


def test_the_order_stays_where_the_majority_does_not_decide():
    become, counts = transformed("vote_share", EXAMPLES, voters=["v", "w", "x"], majority_first=False, min_votes=3)
    assert texts(become) == [("good", "bad")] * 2 and counts.dropped == {"too few votes": 2}
    assert become[1].columns["p_votes"] == pytest.approx(1 / 3)
