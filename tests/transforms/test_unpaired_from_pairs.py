"""unpaired_from_pairs."""

from __future__ import annotations

from dataclasses import replace

from .toys import ids, pair, texts, transformed


def test_by_hand():
    example = replace(pair("x", p_chosen=0.9, gold=(1.0, 0.0), user=3.0), ratings=(5.0, 2.0))
    become, counts = transformed("unpaired_from_pairs", [example])
    assert texts(become) == [("good",), ("bad",)] and ids(become) == ["x-chosen", "x-rejected"]
    assert [e.label for e in become] == [True, False] and [e.ratings for e in become] == [(5.0,), (2.0,)]
    assert [dict(e.columns) for e in become] == [{"gold": (1.0,), "user": 3.0}, {"gold": (0.0,), "user": 3.0}]
    assert counts.added == {"further examples from the same example": 1}


def test_there_and_back_again():
    """What is of the pair alone, `p_chosen`, is lost on the way."""
    pairs = [replace(pair(f"x{i}", gold=(1.0, 0.0)), ratings=(5.0, 2.0)) for i in range(3)]
    there, _ = transformed("unpaired_from_pairs", pairs)
    back, counts = transformed("pairs_from_unpaired", there)
    assert list(back) == pairs
    assert counts.dropped == {"joined with its partner into one pair": 3}
