"""golden_vs_self."""

from __future__ import annotations

from benchbench import selectors
from benchbench.recipe.binding import bind

from .toys import group, places


def test_the_demonstration_against_every_different_draw():
    texts = group("a", "b", "a", "c/", data=("gold", "other"))
    assert places("golden_vs_self", texts) == [(0, 2), (0, 3), (0, 5)]
    assert places("golden_vs_self", texts, cut="drop") == [(0, 2), (0, 3)]


def test_each_candidate_of_the_split_may_be_a_demonstration():
    texts = group("a", data=("gold", "other"))
    assert places("golden_vs_self", texts, golden="each") == [(0, 2), (1, 2)]


def test_a_policy_that_says_the_demonstration_gives_no_row():
    assert places("golden_vs_self", group("gold", data=("gold",))) == "no response that differs from the demonstration"


def test_without_a_demonstration_the_group_is_counted():
    assert places("golden_vs_self", group("a", "b")) == "no demonstration"


def test_a_rule_for_cuts_that_says_the_same_as_another_is_refused():
    """A draw is never preferred, so `keep` would be `reject_only` under another name."""
    _, faults = bind(selectors.get("golden_vs_self").options, {"cut": "keep"}, where="here")
    assert [fault.where for fault in faults] == ["here.cut"]
