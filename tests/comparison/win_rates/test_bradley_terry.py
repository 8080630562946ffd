"""Bradley-Terry ratings: against an independent iteration, a closed form, symmetries, coverage, human verdicts."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from benchbench.comparison.win_rates.bradley_terry import ELO, bradley_terry
from benchbench.core.errors import BenchError

from ..verdict_rows import frame, mirrored, pandalm, slotless, swapped, tournament, verdict

FOUR = {"dpo": 0.4, "ipo": 0.1, "sft": -0.8, "simpo": 0.3}


def by_minorisation(rows: pd.DataFrame, steps=3000) -> dict[str, float]:
    """Hunter's iteration of the strengths: wins over the sum of games by total strength. One row per contest."""
    wins, games = defaultdict(float), defaultdict(float)
    for row in rows.itertuples():
        wins[row.label] += row.outcome
        wins[row.opponent] += 1 - row.outcome
        games[row.label, row.opponent] += 1
        games[row.opponent, row.label] += 1
    strength = dict.fromkeys(wins, 1.0)
    for _ in range(steps):
        strength = {
            one: won / sum(games[one, o] / (strength[one] + strength[o]) for o in wins if o != one)
            for one, won in wins.items()
        }
    mean = np.mean([math.log(s) for s in strength.values()])
    return {label: math.log(s) - mean for label, s in strength.items()}


def values(ratings) -> dict[str, float]:
    return dict(zip(ratings.labels, ratings.values.tolist(), strict=True))


def test_the_ratings_are_those_of_the_independent_iteration():
    rows = tournament(FOUR, n=60)
    found = bradley_terry({0: rows})
    assert values(found) == pytest.approx(by_minorisation(rows), abs=1e-9)
    assert found.values.sum() == pytest.approx(0, abs=1e-12)
    assert (found.contests, found.note) == (360, "")


def test_two_labels_have_the_odds_of_their_win_rate():
    outcomes = np.array([1.0] * 14 + [0.5] * 2 + [0.0] * 4)
    found = bradley_terry({0: slotless(outcomes)})
    rate = outcomes.mean()
    assert found.difference("dpo", "sft").mean == pytest.approx(math.log(rate / (1 - rate)))
    assert found.rating("dpo").mean == pytest.approx(math.log(rate / (1 - rate)) / 2)
    expected = found.win_rate("dpo")
    assert expected.mean == pytest.approx(rate)
    assert expected.se == pytest.approx(outcomes.std(ddof=1) / math.sqrt(20))  # the delta method is exact here
    assert expected.p == pytest.approx(found.difference("dpo", "sft").p)
    assert 400 / math.log(10) == ELO


def test_samples_and_orders_of_a_pair_weigh_one_together():
    others = [
        verdict("b", 0.25),
        verdict("c", 1.0, opponent="ipo"),
        verdict("c", 0.25, label="sft", opponent="ipo"),
        verdict("d", 0.25, opponent="ipo"),
    ]
    rows = frame(*swapped("a", 1.0, 0.0), *swapped("a", 1.0, 1.0, sample=1), *others)
    once = frame(verdict("a", 0.75), *others)
    assert values(bradley_terry({0: rows})) == pytest.approx(by_minorisation(once), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_neither_order_nor_side_nor_repetition_of_the_rows_matters(seed):
    rows = tournament(FOUR, n=12, rng_seed=seed)
    one = bradley_terry({0: rows})
    shuffled = rows.sample(frac=1, random_state=seed % 1000)
    half = shuffled.iloc[::2]
    from_both_sides = pd.concat([mirrored(half), shuffled.iloc[1::2]])
    again = pd.concat([rows, rows.assign(sample=1)])
    for other in (shuffled, from_both_sides, again):
        found = bradley_terry({0: other})
        assert found.note == one.note
        assert found.values == pytest.approx(one.values, abs=1e-9, nan_ok=True)
        assert found.win_rate("dpo").low == pytest.approx(one.win_rate("dpo").low, abs=1e-9, nan_ok=True)


def test_winners_and_losers_exchanged_have_the_opposite_ratings():
    rows = tournament(FOUR, n=40)
    one, other = (bradley_terry({0: r}) for r in (rows, rows.assign(outcome=1 - rows["outcome"])))
    assert one.values == pytest.approx(-other.values, abs=1e-9)
    assert one.difference("dpo", "sft").low == pytest.approx(-other.difference("dpo", "sft").high, abs=1e-9)
    assert one.win_rate("dpo").high == pytest.approx(1 - other.win_rate("dpo").low, abs=1e-9)


def test_ties_alone_rate_all_the_same():
    found = bradley_terry({0: tournament(FOUR, n=5).assign(outcome=0.5)})
    assert found.values.tolist() == [0.0] * 4
    assert found.win_rate("dpo").mean == 0.5
    assert "no spread" in found.win_rate("dpo").note


def test_the_clustered_error_is_the_bootstraps_over_prompts():
    rows = tournament(FOUR, n=150, prompt_sd=1.0)
    found = bradley_terry({0: rows})
    places = np.stack([np.flatnonzero(rows["example"] == example) for example in sorted(set(rows["example"]))])
    names = np.repeat([f"d{draw}" for draw in range(150)], places.shape[1])
    rng = np.random.default_rng(0)
    drawn = [
        bradley_terry({0: rows.iloc[places[rng.integers(150, size=150)].ravel()].assign(example=names)})
        for _ in range(150)
    ]
    errors = np.std([d.values for d in drawn], axis=0, ddof=1)
    assert [found.rating(label).se for label in found.labels] == pytest.approx(errors, rel=0.2)
    rate = np.std([d.win_rate("dpo").mean for d in drawn], ddof=1)
    assert found.win_rate("dpo").se == pytest.approx(rate, rel=0.2)


def test_the_clustered_interval_covers_where_prompts_have_tastes():
    """Nominal 95 %, 150 repetitions (Monte Carlo error 0.018).

    A label's taste of a prompt shrinks the log-odds, so the truth is the rating of a very long tournament.
    """
    truth = bradley_terry({0: tournament(FOUR, n=3000, prompt_sd=1.0, rng_seed=1)}).difference("dpo", "sft").mean
    hits = 0
    for seed in range(150):
        found = bradley_terry({0: tournament(FOUR, n=60, prompt_sd=1.0, rng_seed=[2, seed])}).difference("dpo", "sft")
        hits += found.low <= truth <= found.high
    assert 0.9 <= hits / 150 <= 0.99


def test_several_seeds_are_crossed_with_the_prompts():
    by_seed = {seed: tournament(FOUR, n=50, rng_seed=seed) for seed in (1, 2, 3)}
    found = bradley_terry(by_seed)
    alone = [bradley_terry({seed: rows}) for seed, rows in by_seed.items()]
    assert found.per_seed == pytest.approx(np.stack([one.values for one in alone]))
    assert found.rating("dpo").mean == pytest.approx(np.mean([one.rating("dpo").mean for one in alone]))
    assert "crossed t" in found.win_rate("dpo", "sft").method
    assert alone[0].rating("dpo").note == "one seed: seed variance not estimated"
    with pytest.raises(BenchError, match="same prompts"):
        bradley_terry({1: tournament(FOUR, n=5), 2: tournament(FOUR, n=4)})


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (slotless([1.0, 1.0]), "one side won every contest between dpo | sft"),
        (frame(verdict(), verdict(outcome=0.0, sample=1), verdict(label="ipo")), "between dpo, sft | ipo"),
        (
            frame(verdict(outcome=0.5), verdict(outcome=0.5, label="ipo", opponent="simpo")),
            "no contest links dpo, sft | ipo, simpo",
        ),
        (slotless([float("nan")]), "no contest links dpo | sft"),
    ],
)
def test_ratings_without_bound_are_nan_and_say_why(rows, note):
    if note.endswith("ipo"):
        rows = rows.assign(opponent=["sft", "sft", "dpo"])
    found = bradley_terry({0: rows})
    assert note in found.note
    assert np.isnan(found.values).all()
    for interval in (found.rating("dpo"), found.difference("dpo", "sft"), found.win_rate("dpo")):
        assert math.isnan(interval.mean) and interval.note == found.note


def test_the_seed_that_is_without_bound_is_named():
    found = bradley_terry({1: slotless([1.0, 0.0]), 2: slotless([1.0, 1.0])})
    assert found.note.startswith("seed 2: one side won")


def test_what_is_no_round_robin():
    with pytest.raises(ValueError, match="against itself"):
        bradley_terry({0: frame(verdict(opponent="dpo"))})
    with pytest.raises(ValueError, match="expected one of dpo, sft, got ipo"):
        bradley_terry({0: slotless([1.0, 0.0])}).rating("ipo")


@pytest.mark.shared_data
def test_human_verdicts(shared):
    """Five models judged by three people each, against two independent fits."""
    rows = pandalm(shared)
    found = bradley_terry({0: rows})
    assert (len(found.labels), found.contests) == (5, 708)
    assert values(found) == pytest.approx(by_minorisation(rows), abs=1e-9)

    number = {label: place for place, label in enumerate(found.labels)}
    one, other = (rows[side].map(number).to_numpy() for side in ("label", "opponent"))
    outcome = rows["outcome"].to_numpy()

    def loss(ratings):
        gap = ratings[one] - ratings[other]
        return np.logaddexp(0, -gap) @ outcome + np.logaddexp(0, gap) @ (1 - outcome) + ratings.sum() ** 2

    fitted = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
    assert found.values == pytest.approx(fitted.x - fitted.x.mean(), abs=1e-5)
    # a property of the maximum: every label's expected points are the points it got
    gap = found.values[one] - found.values[other]
    expected = 1 / (1 + np.exp(-gap))
    for place in range(5):
        mine, theirs = one == place, other == place
        got = outcome[mine].sum() + (1 - outcome[theirs]).sum()
        assert expected[mine].sum() + (1 - expected[theirs]).sum() == pytest.approx(got, abs=1e-8)
    best = found.difference("llama-7b", "bloom-7b")
    assert best.low > 0 and best.df == rows["example"].nunique() - 1
