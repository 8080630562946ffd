"""Differences in a judge's scores: against scipy and numpy, and by properties."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import linregress

from benchbench.comparison.win_rates.reward_difference import reward_difference

from ..verdict_rows import frame, verdict


def scored(n: int = 60, *, seed: int = 0, bias: float = 0.02, samples: int = 1) -> pd.DataFrame:
    """Scores that like length: 0.02 a character, and noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(n):
        for sample in range(samples):
            length, other = rng.integers(20, 200, 2)
            score, their = rng.normal(0.3, 1) + bias * length, rng.normal(0, 1) + bias * other
            row = verdict(f"e{place:03d}", float(score > their), sample=sample, length=length, opponent_length=other)
            rows.append(row | {"score": score, "opponent_score": their})
    return frame(*rows)


def test_one_seed_is_what_numpy_and_scipy_say():
    rows = scored()
    found = reward_difference({1: rows})
    assert found is not None
    difference = (rows["score"] - rows["opponent_score"]).to_numpy()
    longer = ((rows["length"] - rows["opponent_length"]) / 100).to_numpy(dtype=float)
    line = linregress(longer, difference)
    x, n = longer - longer.mean(), len(longer)
    residual = difference - line.intercept - line.slope * longer
    sandwich = math.sqrt(n / (n - 1) * float(((x * residual) ** 2).sum())) / float((x**2).sum())
    assert found.length_slope.mean == pytest.approx(line.slope, rel=1e-9)
    assert found.length_slope.se == pytest.approx(sandwich, rel=1e-9)
    assert found.difference.mean == pytest.approx(difference.mean(), rel=1e-9)
    assert found.difference.se == pytest.approx(difference.std(ddof=1) / math.sqrt(n), rel=1e-9)
    assert found.expectation.mean == pytest.approx(expit(difference).mean(), rel=1e-9)
    assert found.values[0] == pytest.approx((difference.mean(), expit(difference).mean(), line.slope), rel=1e-9)
    assert found.length_slope.low > 0, "a taste for length shows"


def test_seeds_are_crossed_with_prompts():
    found = reward_difference({seed: scored(seed=seed) for seed in range(3)})
    assert found is not None
    assert found.seeds == (0, 1, 2)
    assert found.difference.mean == pytest.approx(np.mean([value[0] for value in found.values]))
    assert found.length_slope.mean == pytest.approx(np.mean([value[2] for value in found.values]))
    assert "crossed" in found.difference.method


@given(st.integers(1, 3), st.integers(0, 5))
def test_the_other_side_has_the_same_slope_and_opposite_differences(samples: int, seed: int):
    rows = scored(12, seed=seed, samples=samples)
    names = {"label": "opponent", "length": "opponent_length", "score": "opponent_score"}
    turned = rows.rename(columns=names | {new: old for old, new in names.items()})
    here, there = reward_difference({1: rows}), reward_difference({1: turned})
    assert here is not None and there is not None
    assert there.difference.mean == pytest.approx(-here.difference.mean)
    assert there.expectation.mean == pytest.approx(1 - here.expectation.mean)
    assert there.length_slope.mean == pytest.approx(here.length_slope.mean)
    assert there.length_slope.se == pytest.approx(here.length_slope.se)


def test_samples_of_a_prompt_weigh_one_together():
    rows = scored(20)
    again = pd.concat([rows, rows[rows["example"] == "e003"].assign(sample=1)])
    one, two = reward_difference({1: rows}), reward_difference({1: again})
    assert one is not None and two is not None
    assert two.difference.mean == pytest.approx(one.difference.mean)
    assert two.length_slope.mean == pytest.approx(one.length_slope.mean)


def test_identical_texts_differ_by_nothing():
    rows = scored(20).assign(identical=False)
    rows.loc[:9, ["identical", "score", "opponent_score"]] = [True, np.nan, np.nan]
    found = reward_difference({1: rows})
    assert found is not None
    assert found.difference.mean == pytest.approx((rows["score"] - rows["opponent_score"]).fillna(0).mean())
    assert found.note == ""


def test_a_judge_without_scores_has_none_and_one_without_some_says_so():
    rows = scored(20)
    assert reward_difference({1: rows.assign(score=np.nan)}) is None
    rows.loc[3, "score"] = np.nan
    found = reward_difference({1: rows})
    assert found is not None
    assert found.note == "1 contests without a score"
    assert math.isnan(found.difference.low) and math.isfinite(found.difference.mean)


def test_equal_lengths_have_no_slope():
    found = reward_difference({1: scored(20).assign(length=50, opponent_length=50)})
    assert found is not None
    assert math.isnan(found.length_slope.mean)
    assert "equal" in found.length_slope.note
