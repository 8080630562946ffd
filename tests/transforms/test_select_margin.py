"""select_margin."""

from __future__ import annotations

from dataclasses import replace

from .toys import ids, pair, transformed

EXAMPLES = [
    replace(pair(name), ratings=(rating, 0.0)) for name, rating in zip("abcde", (3, -1, 2, 0.5, -4), strict=True)
]


def test_by_hand():
    """Margins 3, 1, 2, 0.5, 4; two fifths of five are two; signed they are 3, -1, 2, 0.5, -4."""
    small, counts = transformed("select_margin", EXAMPLES, select="small", keep_fraction=0.4)
    assert ids(small) == ["b", "d"] and counts.dropped == {"margin not among the smallest": 3}
    assert ids(transformed("select_margin", EXAMPLES, select="large", keep_fraction=0.4)[0]) == ["a", "e"]
    assert ids(transformed("select_margin", EXAMPLES, select="large", keep_fraction=0.5, signed=True)[0]) == ["a", "c"]
