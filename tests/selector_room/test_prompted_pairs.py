"""prompted_pairs."""

from __future__ import annotations

from benchbench.core.example import Message
from benchbench.core.rollout import Group

from .toys import places, response


def prompted(better: str, worse: str) -> Group:
    """Responses of both arms, a letter each, `/` behind one that was cut; the arms' draws stand one after the other."""
    drawn = [response(text, arm) for arm, texts in (("better", better), ("worse", worse)) for text in texts.split()]
    return Group("x", 1, (1, 2), (Message("user", "?"),), tuple(drawn))


def test_the_first_draws_make_a_pair_and_the_second_ones():
    assert places("prompted_pairs", prompted("a b", "c d")) == [(0, 2), (1, 3)]


def test_the_same_response_twice_makes_no_pair_and_one_that_was_cut_is_never_preferred():
    assert places("prompted_pairs", prompted("a b/ c", "a e f/")) == [(2, 5)]
    assert places("prompted_pairs", prompted("a b/ c", "a e f/"), cut="keep") == [(1, 4), (2, 5)]
    nothing = "no pair of different responses that may be used"
    assert places("prompted_pairs", prompted("a b/ c", "a e f/"), cut="drop") == nothing


def test_an_arm_without_a_response_gives_no_row():
    assert places("prompted_pairs", prompted("a", "")) == "no response of the arm worse"
