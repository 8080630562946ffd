"""quantiles."""

from __future__ import annotations

from .toys import several, transformed


def test_by_hand():
    """Of 3, 1, 3, 2 the score 1 is at 1/4, 2 at 2/4, both 3 at 4/4."""
    (become,), _ = transformed("quantiles", [several("x", (3, 1, 3, 2))])
    assert become.columns["quantile"] == (1.0, 0.25, 1.0, 0.5)
