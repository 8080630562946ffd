"""pairs_threshold."""

from __future__ import annotations

import pytest

from benchbench import transforms

from .toys import several, texts, transformed

GAP = 1.73460105539
"""log(0.85 / 0.15), recomputed from arXiv:2402.10038 elsewhere."""


def test_a_gap_of_logit_eta_is_the_border():
    above, _ = transformed("pairs_threshold", [several("x", (GAP + 1e-9, 0.0))])
    assert texts(above) == [("a", "b")]
    _, counts = transformed("pairs_threshold", [several("x", (GAP - 1e-9, 0.0))])
    assert counts.dropped == {"no pair above the threshold": 1}


def test_by_hand():
    """0, 2, 4 at the default: 4 over 2, 4 over 0, 2 over 0; at tau 2 the gaps are worth half, so 4 over 0 alone."""
    examples = [several("x", (0.0, 2.0, 4.0))]
    assert texts(transformed("pairs_threshold", examples)[0]) == [("b", "a"), ("c", "a"), ("c", "b")]
    assert texts(transformed("pairs_threshold", examples, tau=2.0)[0]) == [("c", "a")]


@pytest.mark.parametrize("options", [{"eta": 0.4}, {"eta": 1.0}, {"tau": 0.0}])
def test_values_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}: expected"):
        transforms.get("pairs_threshold").options(**options)
