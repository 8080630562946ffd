"""followup_likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchbench import oracles
from benchbench.core.rollout import Group

from .toys import context, group, labelled

LOGPS = {("a", "thanks"): [-1.0, -0.5], ("a", "no"): [-4.0], ("b", "thanks"): [-3.0, -0.5], ("b", "no"): [-2.0]}
"""(response before it, follow-up) -> log-probability of each token."""


def planted(groups: Sequence[Group]) -> list[list[list[float]]]:
    """A policy that says `thanks` after a, and `no` after b; toy tokens are characters, ended by 0."""
    before = ["".join(map(chr, each.prefix)).rstrip("\0") for each in groups]
    return [[LOGPS[text, r.text] for r in each.responses] for text, each in zip(before, groups, strict=True)]


def within():
    return context(models={"policy": planted})


def test_good_follow_ups_less_bad_ones_by_hand():
    """a: -1.5 + 4 = 2.5, b: -3.5 + 2 = -1.5; so the order is the planted one."""
    (labels,) = labelled("followup_likelihood", [group("a", "b")], within(), good=["thanks"], bad=["no"])
    assert labels.scores == pytest.approx((2.5, -1.5)) and (labels.win(0, 1) or 0.0) > 0.5


def test_one_kind_may_be_given_alone():
    (labels,) = labelled("followup_likelihood", [group("a", "b")], within(), bad=["no"])
    assert labels.scores == pytest.approx((4.0, 2.0))


def test_of_several_the_mean_counts():
    """(-1.5 - 4) / 2 after a."""
    (labels,) = labelled("followup_likelihood", [group("a")], within(), good=["thanks", "no"])
    assert labels.scores == pytest.approx((-2.75,))


def test_a_response_that_was_cut_has_no_follow_up():
    (labels,) = labelled("followup_likelihood", [group("a/", "b")], within(), bad=["no"])
    assert labels.scores == (None, 2.0)


@pytest.mark.parametrize("options", [{}, {"good": [" "]}])
def test_without_a_follow_up_it_is_refused(options: dict):
    with pytest.raises(ValueError, match="good, bad: expected"):
        oracles.get("followup_likelihood").options(**options)
