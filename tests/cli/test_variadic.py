"""`--seeds 42 13 3407`: values after an option, up to the next option."""

from __future__ import annotations

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from benchbench.cli.variadic import VARIADIC, spread_options

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1)
VALUES = st.lists(WORDS, min_size=1, max_size=5)


@given(st.lists(WORDS, max_size=3), st.sampled_from(VARIADIC), VALUES, st.lists(WORDS, min_size=1, max_size=3))
def test_every_value_up_to_the_next_option_gets_the_option_of_its_own(before, option, values, after):
    spread = spread_options([*before, option, *values, "--device", *after])
    repeated = [word for value in values for word in (option, value)]
    assert spread == [*before, *repeated, "--device", *after]


@given(st.sampled_from(VARIADIC), WORDS, VALUES)
def test_a_value_behind_an_equals_sign_is_the_first_of_them(option, first, more):
    assert spread_options([f"{option}={first}"]) == [option, first]
    assert spread_options([f"{option}={first}", *more]) == spread_options([option, first, *more])


@given(st.lists(st.one_of(WORDS, st.just("--setting"), st.just("--set")), max_size=6))
def test_words_without_a_variadic_option_stay_as_they_are(words):
    assert spread_options(words) == words


@given(VALUES)
def test_spreading_twice_changes_nothing_more(values):
    once = spread_options(["dpo", "--seeds", *values])
    assert spread_options(once) == once


def test_two_dashes_end_the_options():
    assert spread_options(["--seeds", "1", "2", "--", "--seeds", "3", "4"]) == [
        *("--seeds", "1", "--seeds", "2"),
        *("--", "--seeds", "3", "4"),
    ]


def test_a_value_with_an_equals_sign_is_not_cut():
    assert spread_options(["--set", "a=b", "--metrics=auc/logp_sum"]) == ["--set", "a=b", "--metrics", "auc/logp_sum"]


@pytest.mark.parametrize("args", [["--seeds"], ["dpo", "--seeds", "--device", "cpu"], ["--metrics", "--"]])
def test_an_option_without_a_value_is_refused(args):
    with pytest.raises(typer.BadParameter, match="expected one or more values, got none"):
        spread_options(args)
