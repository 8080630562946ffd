"""density_ratio."""

from __future__ import annotations

import pytest

from .toys import Model, context, group, labelled


def within():
    policy = Model({"a": [-1.0, -2.0], "b": [-0.5], "": []})
    return context(models={"policy": policy, "reference": Model({"a": [-2.0, -4.0], "b": [-0.25], "": []})})


def test_the_ratio_per_token_or_of_the_whole():
    """a: ratios 1 and 2; b: -0.25."""
    assert labelled("density_ratio", [group("a", "b")], within())[0].scores == pytest.approx((1.5, -0.25))
    assert labelled("density_ratio", [group("a", "b")], within(), over="sum")[0].scores == pytest.approx((3.0, -0.25))


def test_a_response_without_a_token_has_no_ratio():
    assert labelled("density_ratio", [group("", "b")], within())[0].scores == (None, -0.25)
