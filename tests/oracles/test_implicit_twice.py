"""implicit_twice."""

from __future__ import annotations

import pytest

from .toys import Model, context, group, labelled


def within():
    policy = Model({"a": [-1.0, -2.0], "b": [-0.5], "": []})
    before = Model({"a": [-1.0, -1.0], "b": [-2.0], "": []})
    return context(
        models={"policy": policy, "previous": before, "reference": Model({"a": [-3.0, -3.0], "b": [-1.0], "": []})}
    )


def test_means_of_both_policies():
    (labels,) = labelled("implicit_twice", [group("a", "b")], within())
    assert labels.scores == pytest.approx((-1.5, -0.5))
    assert labels.columns == {"reward_before": pytest.approx((-1.0, -2.0))}


def test_log_ratios_of_both_policies_to_the_reference():
    """a: -3 + 6 and -2 + 6; b: -0.5 + 1 and -2 + 1."""
    (labels,) = labelled("implicit_twice", [group("a", "b")], within(), form="log_ratio")
    assert labels.scores == pytest.approx((3.0, 0.5))
    assert labels.columns == {"reward_before": pytest.approx((4.0, -1.0))}


def test_a_group_that_cannot_be_ranked_has_no_reward():
    (labels,) = labelled("implicit_twice", [group("", "b")], within())
    assert labels.scores == (None, None) and labels.answers == 0
