"""Nothing that qualifies a win rate is lost between its computation and the reader."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchbench.comparison.stats.power import minimum_detectable_difference
from benchbench.comparison.win_rates import against as row_of
from benchbench.comparison.win_rates.against import Against
from benchbench.comparison.win_rates.bradley_terry import bradley_terry
from benchbench.report.win_rates import (
    interval_frame,
    shared_notes,
    shown_win_rates,
    win_rate_frame,
)
from tests.comparison.verdict_rows import frame, slotless, swapped, tournament, verdict


def against(by_seed: dict[int, pd.DataFrame], *, judge: str) -> Against:
    """Of a judge that gives no scores."""
    scored = {seed: rows.assign(score=np.nan, opponent_score=np.nan) for seed, rows in by_seed.items()}
    return row_of.against(scored, judge=judge)


def _outcomes(seed: int, n: int = 40, win: float = 0.7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = slotless((rng.random(n) < win).astype(float))
    return rows.assign(length=rng.integers(5, 50, n), opponent_length=rng.integers(5, 50, n))


def test_missing_verdicts_show_both_bounds():
    rows = _outcomes(1, n=30)
    rows.loc[:9, "outcome"] = np.nan
    row = against({42: rows}, judge="human")
    low, high = row.bounds
    won = rows["outcome"].sum()
    assert (low, high) == (pytest.approx(won / 30), pytest.approx((won + 10) / 30))
    (shown,) = shown_win_rates([row], {})
    title = "; ".join(shared_notes([row]))
    assert "33.3% of the verdicts are missing" in title and f"{low:.4f} if all of these were lost" in title
    assert shown["missing"] == "10" and "note" not in shown, "said once, beside the title"
    tidy = win_rate_frame([row])
    assert tidy["bound_low"].tolist() == [pytest.approx(low)] * len(tidy)
    assert tidy["note"].str.contains("33.3% of the verdicts are missing").all()


def test_one_seed_and_two_seeds_say_what_their_intervals_lack():
    one, two = (against({seed: _outcomes(seed) for seed in range(k)}, judge="gold") for k in (1, 2))
    assert any("seed variance not estimated" in note for note in shared_notes([one]))
    assert any("two seeds" in note for note in shared_notes([two]))


def test_a_note_of_one_row_alone_stands_in_that_row():
    clean = {seed: _outcomes(seed) for seed in range(3)}
    missing = {seed: rows.assign(label="simpo") for seed, rows in clean.items()}
    missing[1].loc[:5, "outcome"] = np.nan
    rows = [against(clean, judge="gold"), against(missing, judge="gold")]
    assert shared_notes(rows) == ()
    first, second = shown_win_rates(rows, {})
    assert first["note"].startswith("at equal length: extrapolation: 8 of 120 contests")
    assert second["note"].startswith("seed 1: 15.0% of the verdicts are missing")


def test_slots_are_shown_where_the_judge_sees_them_and_only_there():
    slots = frame(*(row for i in range(20) for row in swapped(f"e{i}", float(i % 2), 1.0, length=i)))
    assert {"first slot", "consistent"} <= set(shown_win_rates([against({1: slots}, judge="chat")], {})[0])
    assert "first slot" not in shown_win_rates([against({1: _outcomes(1)}, judge="gold")], {})[0]


def test_holm_is_over_the_rows_against_one_opponent_and_mdd_is_that_of_the_interval():
    def row(label: str, opponent: str, win: float):
        by_seed = {s: _outcomes(s + int(100 * win), win=win).assign(label=label, opponent=opponent) for s in range(3)}
        return against(by_seed, judge="gold")

    rows = [row("a", "dpo", 0.9), row("b", "dpo", 0.6), row("a", "chosen", 0.55)]
    tidy = interval_frame(rows, None)
    raw = tidy[tidy["metric"] == "win_rate"]
    p = raw["p"].tolist()
    assert raw["p_holm"].tolist() == pytest.approx([2 * p[0], max(p[1], 2 * p[0]), p[2]])
    assert tidy.loc[tidy["metric"] != "win_rate", "p_holm"].isna().all()
    interval = rows[0].raw.interval
    at_half = 0.5 / math.sqrt(interval.mean * (1 - interval.mean))
    expected = minimum_detectable_difference(interval, largest=0.5, factor=at_half)
    assert raw["minimum_detectable_difference"].iloc[0] == pytest.approx(expected.assured)
    assert raw["mdd_high"].iloc[0] == pytest.approx(expected.high)
    shown = shown_win_rates(rows[:2], {})
    assert shown[0]["MDD"] == f"{expected.assured:.4f}"
    assert set(tidy["metric"]) == {"win_rate", "length_controlled_win_rate", "length_effect"}


def test_ratings_stand_among_the_intervals():
    rows = tournament({"a": 0.5, "b": 0.0, "c": -0.5}, n=60)
    ratings = bradley_terry({0: rows, 1: tournament({"a": 0.5, "b": 0.0, "c": -0.5}, n=60, rng_seed=1)})
    tidy = interval_frame([], ratings)
    found = tidy[tidy["metric"] == "rating"].set_index("method")
    assert found.loc["a", "mean"] == pytest.approx(ratings.rating("a").mean)
    assert (found["opponent"] == "all others").all() and (found["unit"] == "log-odds").all()


def test_a_distance_from_one_half_that_cannot_be_found_is_said_to_be_beyond_it():
    """Two seeds of twelve prompts that differ much: one degree of freedom finds nothing below 1/2."""
    first, second = _outcomes(0, n=12, win=0.9), _outcomes(1, n=12, win=0.3)
    row = against({0: first, 1: second}, judge="gold")
    (shown,) = shown_win_rates([row], {})
    assert shown["MDD"] == ">0.5"
    tidy = interval_frame([row], None).set_index("metric")
    assert math.isinf(tidy.loc["win_rate", "minimum_detectable_difference"])
    assert tidy.loc["length_controlled_win_rate", "minimum_detectable_difference"] <= 0.5


def test_one_seed_has_an_interval_and_makes_no_claim_about_methods():
    row = against({0: _outcomes(0)}, judge="gold")
    (shown,) = shown_win_rates([row], {})
    assert "[0." in shown["win rate [95%]"] and (shown["p Holm"], shown["MDD"]) == ("n/a", "n/a")
    tidy = interval_frame([row], None).set_index("metric")
    assert tidy.loc["win_rate", "note"] == "one seed: seed variance not estimated"


def test_all_verdicts_missing_is_a_row_of_nan_and_not_an_error():
    row = against({1: frame(*(verdict(f"e{i}", math.nan) for i in range(4)))}, judge="human")
    (shown,) = shown_win_rates([row], {})
    assert shown["win rate [95%]"] == "n/a" and shown["p Holm"] == "n/a" and shown["MDD"] == "n/a"
