"""A judge that is asked in both orders, against one that draws its winners by lot."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from benchbench.comparison.win_rates.self_consistency import LEVEL, self_consistency


def rows(outcomes: list[tuple[float, float]], *, samples: int = 1, identical: bool = False) -> pd.DataFrame:
    """Verdicts of both orders of contests; `samples` contests share a prompt."""
    return pd.DataFrame(
        {"example": f"e{place // samples}", "sample": place % samples, "label": "dpo", "opponent": "sft",
         "order": order, "outcome": outcome, "identical": identical, "length": 10, "opponent_length": 12}
        for place, both in enumerate(outcomes)
        for order, outcome in zip(("first", "second"), both, strict=True)
    )  # fmt: skip


AGREES, OPPOSES, TIES, HALF = (1.0, 1.0), (1.0, 0.0), (0.5, 0.5), (1.0, 0.5)


def test_prompts_are_counted_and_ties_left_out():
    counted = self_consistency([rows([AGREES, (0.0, 0.0), OPPOSES, TIES, HALF])])
    assert (counted.agreeing, counted.contradicting, counted.even) == (2, 1, 2)
    assert (counted.contests, counted.with_a_tie) == (5, 2)
    assert counted.p_contradicts == pytest.approx(binom.sf(0, 3, 0.5)) == 7 / 8
    assert counted.p_agrees == pytest.approx(binom.cdf(1, 3, 0.5)) == 0.5


def test_a_judge_of_the_first_slot_marks_its_table():
    note = self_consistency([rows([OPPOSES] * 6 + [HALF])]).note
    assert note == (
        "the judge contradicts itself between the two orders more often than by lot (6 of 6 prompts; binomial test "
        "against one half, p = 0.016, 1 of 7 contests left out for a tie)"
    )


def test_a_judge_that_agrees_with_itself_is_not_mentioned():
    assert self_consistency([rows([AGREES] * 9 + [OPPOSES])]).note == ""


def test_a_lot_is_not_taken_for_a_judge():
    note = self_consistency([rows([AGREES, OPPOSES] * 20)]).note
    assert note.startswith(
        "the judge is not shown to contradict itself between the two orders less often than by lot (20 of 40"
    )


def test_contests_of_one_prompt_are_one_trial_over_samples_seeds_and_labels():
    """Four contests of one prompt contradict: one trial, and no more for a second seed with the same."""
    once = self_consistency([rows([OPPOSES] * 4, samples=4)])
    twice = self_consistency([rows([OPPOSES] * 4, samples=4)] * 2)
    assert once.contradicting == twice.contradicting == 1 and (once.contests, twice.contests) == (4, 8)
    assert once.p_contradicts == twice.p_contradicts == 0.5
    assert self_consistency([rows([OPPOSES]), rows([AGREES])]).even == 1


def test_ties_alone_say_nothing_and_are_no_agreement():
    counted = self_consistency([rows([TIES, HALF])])
    assert math.isnan(counted.p_contradicts) and math.isnan(counted.p_agrees)
    assert counted.note.startswith(
        "whether the judge agrees with itself is unknown: both orders never name a winner, 2 of 2"
    )


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        [rows([OPPOSES] * 9, identical=True)],
        [rows([(1.0, math.nan)] * 9)],
        [rows([OPPOSES] * 9).iloc[::2].assign(order="both")],
    ],
)
def test_what_was_not_judged_twice_is_not_tested(verdicts: list[pd.DataFrame]):
    counted = self_consistency(verdicts)
    assert counted.contests == 0 and counted.note == ""


def test_a_probability_counts_for_the_side_it_leans_to():
    assert self_consistency([rows([(0.9, 0.6), (0.2, 0.4)])]).agreeing == 2


def test_a_lot_is_called_contradictory_no_more_often_than_the_level_says():
    rng = np.random.default_rng(0)
    called = [
        self_consistency([rows([tuple(pair) for pair in rng.integers(0, 2, (30, 2)).astype(float)])]).p_contradicts
        < LEVEL
        for _ in range(200)
    ]
    assert np.mean(called) <= LEVEL + 0.03
