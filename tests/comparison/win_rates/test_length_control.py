"""Length-controlled win rates: against an independent fit, symmetries, what is not identified, coverage."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize

from benchbench.comparison.stats.soft_logistic import fit
from benchbench.comparison.win_rates.length_control import length_controlled
from benchbench.comparison.win_rates.rates import win_rate
from benchbench.core.errors import BenchError

from ..verdict_rows import frame, frames, mirrored, pandalm, slotless, tournament, verdict


def drawn(quality: float, effect: float, *, longer=0.0, n=200, rng_seed: int | list[int] = 0) -> pd.DataFrame:
    """Verdicts of a judge that likes quality and length; the label's texts are longer by `longer` on average."""
    rng = np.random.default_rng(rng_seed)
    difference = rng.normal(longer, 50, n)
    logit = quality + effect * np.tanh(difference / difference.std(ddof=1))
    won = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
    return slotless(won, length=500 + difference, opponent_length=500)


def test_it_is_the_prediction_of_an_independent_fit():
    rows = drawn(0.3, 1.5, longer=40)
    feature = (rows["length"] - rows["opponent_length"]).to_numpy()
    feature = np.tanh(feature / feature.std(ddof=1))
    won = rows["outcome"].to_numpy()

    def loss(x):
        logit = x[0] + x[1] * feature
        return np.sum(np.logaddexp(0, logit) - won * logit)

    a, b = minimize(loss, [0, 0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000}).x
    found = length_controlled({0: rows})
    assert found.interval.mean == pytest.approx(1 / (1 + math.exp(-a)), abs=1e-7)
    assert found.effect.mean == pytest.approx(b, abs=1e-6)
    assert found.values == pytest.approx([found.interval.mean])
    assert (found.label, found.opponent, found.prompts, found.note) == ("dpo", "sft", 200, "")


def test_where_length_alone_wins_control_takes_the_win_rate_back_to_one_half():
    rows = drawn(0.0, 2.0, longer=50, n=2000)
    raw, found = win_rate(rows), length_controlled({0: rows})
    assert raw.interval.low > 0.6
    assert found.interval.low < 0.5 < found.interval.high
    assert found.effect.low > 0


def test_where_length_is_paid_for_in_quality_control_raises_the_win_rate():
    rows = drawn(1.0, 1.5, longer=-50, n=2000)
    assert length_controlled({0: rows}).interval.low > win_rate(rows).interval.high


def test_without_an_effect_of_length_it_is_the_raw_win_rate():
    """Every outcome once at a difference in length and once at its opposite."""
    once = drawn(0.5, 0.0, n=100)
    rows = pd.concat([once, once.assign(sample=1, length=1000 - once["length"])])
    found = length_controlled({0: rows})
    assert found.effect.mean == pytest.approx(0, abs=1e-9)
    assert found.interval.mean == pytest.approx(win_rate(rows).value)


@settings(deadline=None, max_examples=60)
@given(frames(missing=True))
def test_swapping_the_sides_gives_the_complement(rows):
    one, other = length_controlled({0: rows}), length_controlled({0: mirrored(rows)})
    assert other.interval.mean == pytest.approx(1 - one.interval.mean, nan_ok=True, abs=1e-6)
    assert (other.interval.low, other.effect.mean) == pytest.approx(
        (1 - one.interval.high, one.effect.mean), nan_ok=True, abs=1e-5, rel=1e-5
    )
    assert repr(length_controlled({0: rows.sample(frac=1, random_state=1)})) == repr(one)


def test_ties_alone_are_one_half():
    found = length_controlled({0: drawn(0.0, 0.0, n=20).assign(outcome=0.5)})
    assert (found.interval.mean, found.effect.mean) == (0.5, 0.0)
    assert "no spread" in found.interval.note


def test_a_prompt_that_is_asked_again_is_no_new_prompt():
    once = drawn(0.3, 1.0, n=60)
    found = length_controlled({0: pd.concat([once, once.assign(sample=1), once.assign(sample=2)])})
    alone = length_controlled({0: once})
    # the sd with ddof 1 of the same differences thrice is a little smaller
    assert found.interval.mean == pytest.approx(alone.interval.mean, abs=1e-3)
    assert found.interval.se == pytest.approx(alone.interval.se, rel=1e-2)


def test_soft_labels_are_expected_outcomes():
    """A probability is that share of wins: 1/4 of one contest is one win and three losses of a weight of 1/4 each."""
    rng = np.random.default_rng(3)
    feature, share = rng.normal(size=30), rng.integers(0, 5, 30) / 4
    design = np.stack([np.ones(30), feature], axis=1)
    hard = np.concatenate([[1.0] * round(4 * p) + [0.0] * round(4 - 4 * p) for p in share])
    soft = fit(design, share, np.ones(30))
    assert soft == pytest.approx(fit(np.repeat(design, 4, axis=0), hard, np.full(120, 0.25)), abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (slotless([1.0, 0.0, 1.0], length=[20, 20, 20]), "the same everywhere"),
        (slotless([1.0, 0.0, 1.0]), "the same everywhere"),
        (slotless([1.0]), "the same everywhere"),
        (slotless([1.0, 1.0], length=[5, 20]), "every contest was won"),
        (slotless([0.0, 0.0], length=[5, 20]), "every contest was lost"),
        (slotless([0.0, 1.0, 1.0], length=[5, 20, 30]), "length alone decides"),
        (slotless([1.0, 0.5, 0.0], length=[5, 20, 30]), "length alone decides"),
        (slotless([1e-12, 1e-11, 1e-12], length=[5, 20, 30]), "every contest was lost"),
        (slotless([0.5, 0.5, 1.0], length=[35, 30, 29], opponent_length=[19, 15, 7]), "longer in every contest, by"),
        (slotless([0.5, 0.5, 0.0], length=[19, 15, 7], opponent_length=[35, 30, 29]), "shorter in every contest, by"),
        (slotless([float("nan")] * 2, length=[5, 20]), "no verdicts"),
    ],
)
def test_what_is_not_identified_is_nan_and_says_why(rows, note):
    found = length_controlled({0: rows})
    assert all(math.isnan(x) for x in (found.interval.mean, found.interval.low, found.effect.mean, *found.values))
    assert note in found.note and note in found.interval.note


def test_equal_length_far_from_all_texts_is_called_an_extrapolation():
    rows = slotless([1.0, 0.0, 1.0, 0.0], length=[20, 30, 40, 50])
    assert "longer in every contest" in length_controlled({0: rows}).note
    assert "shorter in every contest" in length_controlled({0: mirrored(rows)}).note


def coin_flips(mean: float, *, near=(), n=300, rng_seed: int | list[int] = 0) -> pd.DataFrame:
    """Verdicts that have nothing to do with length, on a label whose texts are longer by about `mean`, save `near`."""
    rng = np.random.default_rng(rng_seed)
    difference = rng.normal(mean, 60, n)
    difference[: len(near)] = near
    return slotless((rng.random(n) < 0.55).astype(float), length=1000 + difference, opponent_length=1000)


@pytest.mark.parametrize("mean", [350, 450, 600])
def test_texts_that_are_longer_throughout_are_no_verdicts_on_length(mean):
    """The feature is all but constant, so coefficients without bound say nothing of what decides the contests."""
    notes = [length_controlled({0: coin_flips(mean, rng_seed=[2, seed])}).note for seed in range(20)]
    assert not any("decides" in note or "the same" in note for note in notes)
    assert sum("longer in every contest, by so much that nothing can be said at equal length" in n for n in notes) > 10


def test_a_few_texts_of_about_equal_length_do_not_make_length_decide_either():
    rows = [coin_flips(800, near=(-20.0, 10.0), n=100, rng_seed=[3, seed]) for seed in range(40)]
    found = [length_controlled({0: own}) for own in rows]
    notes = [one.note for one in found]
    assert not any("decides" in note for note in notes)
    assert sum("hardly any contest is near equal length" in note for note in notes) > 5
    assert all(one.note for one in found)
    assert all("extrapolation" in one.note for one in found if not math.isnan(one.interval.mean))


@pytest.mark.parametrize(
    ("mean", "near", "n", "seed"), [(500, (), 20, 84), (600, (), 100, 22), (600, (), 300, 26), (800, (5.0,), 300, 15)]
)
def test_a_feature_that_is_constant_within_rounding_is_no_error(mean, near, n, seed):
    """In its own units these ended in a singular matrix, or without a maximum."""
    note = length_controlled({0: coin_flips(mean, near=near, n=n, rng_seed=[2, seed])}).note
    assert "longer in every contest" in note or "hardly any contest is near equal length" in note


@pytest.mark.parametrize("quality", [0.0, 3.0])
def test_a_judge_that_looks_at_length_alone_all_but_decides(quality):
    found = length_controlled({0: drawn(quality, 40.0, n=400)})
    assert found.note == "the difference in length alone all but decides every contest: no length-controlled win rate"


def test_one_text_that_is_far_longer_than_all_others_leaves_a_win_rate():
    """It makes the spread wide and so the coefficient large; equal length stays in the midst of the contests."""
    rng = np.random.default_rng(0)
    difference = np.r_[rng.normal(0, 50, 1000), 100_000]
    won = rng.random(1001) < 1 / (1 + np.exp(-0.4 - difference / 70))
    found = length_controlled({0: slotless(won.astype(float), length=500 + difference, opponent_length=500)})
    assert found.effect.mean > 20
    assert found.interval.low < 1 / (1 + math.exp(-0.4)) < found.interval.high
    assert found.note == ""


def test_seeds_are_crossed_with_the_prompts():
    by_seed = {seed: drawn(0.4, 1.0, longer=20, rng_seed=seed) for seed in (1, 2, 3)}
    found = length_controlled(by_seed)
    alone = [length_controlled({seed: rows}) for seed, rows in by_seed.items()]
    assert found.values == pytest.approx([one.interval.mean for one in alone])
    mean = np.mean([math.log(v / (1 - v)) for v in found.values])
    assert found.interval.mean == pytest.approx(1 / (1 + math.exp(-mean)))
    assert "crossed t" in found.interval.method
    assert alone[0].interval.note == "one seed: seed variance not estimated"
    with pytest.raises(BenchError, match="same prompts"):
        length_controlled({1: drawn(0.4, 1.0, n=20), 2: drawn(0.4, 1.0, n=30)})
    found = length_controlled({1: slotless([1.0, 0.0]), 2: slotless([0.0, 1.0])})
    assert found.note.startswith("seed 1: ") and "seed 2: " in found.note


def test_the_interval_covers():
    """Nominal 95 %, 300 repetitions (Monte Carlo error 0.013): 80 prompts, a length that matters and that differs."""
    hits = 0
    for seed in range(300):
        found = length_controlled({0: drawn(0.4, 1.5, longer=40, n=80, rng_seed=[5, seed])}).interval
        hits += found.low <= 1 / (1 + math.exp(-0.4)) <= found.high
    assert 0.92 <= hits / 300 <= 0.98


def test_a_judge_that_likes_length_in_a_round_robin():
    rows = tournament({"dpo": 0.0, "sft": 0.0}, n=600, length_effect=2.0)
    found = length_controlled({0: rows})
    assert found.effect.low > 0
    assert found.interval.low < 0.5 < found.interval.high


def test_one_label_against_one_opponent():
    with pytest.raises(ValueError, match="one label against one opponent"):
        length_controlled({0: frame(verdict(), verdict(label="ipo"))})


@pytest.mark.shared_data
def test_people_like_longer_answers_and_control_stays_near_the_raw_rate(shared):
    """Ten pairs of models of similar length."""
    for _, own in pandalm(shared).groupby(["label", "opponent"]):
        found, raw = length_controlled({0: own}), win_rate(own)
        assert found.effect.low > 0
        assert found.interval.mean == pytest.approx(raw.value, abs=0.05)
        assert found.interval.low < raw.value < found.interval.high
