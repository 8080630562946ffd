"""Win rates: written out by hand, against loops, symmetries, seeds, and human verdicts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchbench.comparison.stats.bounded import rate_interval
from benchbench.comparison.stats.clustered import prompt_interval
from benchbench.comparison.stats.intervals import crossed_interval
from benchbench.comparison.win_rates.rates import win_rate, win_rate_over_seeds
from benchbench.core.errors import BenchError

from ..verdict_rows import frame, frames, mirrored, pandalm, slotless, swapped, verdict

NAN = float("nan")
LIGHT = settings(deadline=None, max_examples=50)


def by_loops(rows: pd.DataFrame) -> dict[str, float]:
    """Mean over prompts of the mean over samples and orders, without any of our functions."""
    outcomes: dict[str, dict[int, list[float]]] = {}
    for row in rows.itertuples():
        if not math.isnan(row.outcome):
            outcomes.setdefault(row.example, {}).setdefault(row.sample, []).append(row.outcome)
    return {
        example: sum(sum(own) / len(own) for own in samples.values()) / len(samples)
        for example, samples in outcomes.items()
    }


def test_a_small_table_by_hand():
    """A win in both orders, a disagreement, a tie of equal texts, and a loss that only one order saw."""
    rows = frame(
        *swapped("a", 1.0, 1.0, length=30, opponent_length=10),
        *swapped("b", 1.0, 0.0, length=10, opponent_length=10),
        *swapped("c", 0.5, 0.5, identical=True, length=7, opponent_length=7),
        *swapped("d", 0.0, NAN, length=5, opponent_length=20),
    )
    found = win_rate(rows)
    assert (found.label, found.opponent, found.value) == ("dpo", "sft", 0.5)
    assert (found.wins, found.ties, found.losses) == (1, 2, 1)
    assert (found.prompts, found.lost_prompts, found.verdicts, found.missing) == (4, 0, 8, 1)
    assert found.bounds == (0.5, 0.625)
    assert found.note == "12.5% of the verdicts are missing"
    assert (found.first_bias, found.consistency) == (0.25, 0.5)
    assert found.identical == 1
    assert (found.length, found.opponent_length, found.longer) == (13.0, 11.75, 0.5)
    se = np.std([1, 0.5, 0.5, 0], ddof=1) / 2
    assert (found.interval.se, found.interval.df) == (pytest.approx(se), 3)


def test_conservative_orders_that_disagree_tie():
    rows = frame(*swapped("a", 1.0, 0.5), *swapped("b", 1.0, 1.0), *swapped("c", 0.0, NAN))
    average, conservative = win_rate(rows), win_rate(rows, policy="conservative")
    assert (average.wins, average.ties, average.losses) == (2, 0, 1)
    assert average.value == pytest.approx((0.75 + 1 + 0) / 3)
    assert (conservative.wins, conservative.ties, conservative.losses) == (1, 1, 0)
    assert (conservative.value, conservative.lost_prompts) == (0.75, 1)


def test_always_the_first_slot_is_all_bias_and_no_consistency():
    found = win_rate(frame(*(row for e in "abc" for row in swapped(e, 1.0, 0.0))))
    assert (found.value, found.first_bias, found.consistency) == (0.5, 0.5, 0.0)
    assert win_rate(frame(*(row for e in "abc" for row in swapped(e, 1.0, 1.0)))).first_bias == 0.0


def test_slots_that_were_not_both_seen_say_nothing_of_a_bias():
    found = win_rate(frame(verdict("a", 1.0, order="first"), verdict("b", 0.0)))
    assert math.isnan(found.first_bias) and math.isnan(found.consistency)


@LIGHT
@given(frames(missing=True))
def test_it_is_the_mean_of_the_prompts_means(rows):
    found, prompts = win_rate(rows), by_loops(rows)
    expected = np.mean(list(prompts.values())) if prompts else NAN
    assert found.value == pytest.approx(expected, nan_ok=True)
    assert found.prompts == len(prompts)
    if found.bounds and prompts:
        assert found.bounds[0] - 1e-12 <= found.bounds[1]


@LIGHT
@given(frames(missing=True), st.sampled_from(["average", "conservative"]))
def test_swapping_the_sides_gives_the_complement(rows, policy):
    one, other = win_rate(rows, policy=policy), win_rate(mirrored(rows), policy=policy)
    assert (other.label, other.opponent) == (one.opponent, one.label)
    assert other.value == pytest.approx(1 - one.value, nan_ok=True)
    assert (other.wins, other.ties, other.losses) == (one.losses, one.ties, one.wins)
    assert (other.interval.low, other.interval.p) == pytest.approx((1 - one.interval.high, one.interval.p), nan_ok=True)
    assert (other.first_bias, other.consistency) == pytest.approx((one.first_bias, one.consistency), nan_ok=True)
    assert (other.longer, other.length) == pytest.approx((1 - one.longer, one.opponent_length))
    if one.bounds and other.bounds:
        assert other.bounds == pytest.approx((1 - one.bounds[1], 1 - one.bounds[0]), nan_ok=True)


@LIGHT
@given(frames(missing=True), st.integers(0, 5))
def test_the_order_of_the_rows_does_not_matter(rows, shuffle):
    """Compared as text, in which NaN equals NaN."""
    assert repr(win_rate(rows)) == repr(win_rate(rows.sample(frac=1, random_state=shuffle)))


@LIGHT
@given(frames(outcomes=(0.5,)))
def test_ties_alone_are_one_half(rows):
    found = win_rate(rows)
    assert (found.value, found.wins, found.losses) == (0.5, 0, 0)
    interval = found.interval
    if found.prompts == 1:
        assert math.isnan(interval.low) and "one prompt" in interval.note
    else:
        assert 0 <= interval.low < 0.4 and 0.6 < interval.high <= 1 and "no spread" in interval.note


@LIGHT
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=8), st.integers(2, 4))
def test_a_prompt_that_is_asked_again_is_no_new_prompt(outcomes, times):
    once = slotless(outcomes)
    again = pd.concat([once.assign(sample=sample) for sample in range(times)])
    one, many = win_rate(once), win_rate(again)
    assert (many.value, many.prompts) == (one.value, one.prompts)
    assert (many.interval.se, many.interval.low) == pytest.approx((one.interval.se, one.interval.low), nan_ok=True)


def test_the_interval_of_a_run_is_wilsons_over_prompts():
    outcomes = np.random.default_rng(0).choice([0, 0.5, 1], 50, p=[0.2, 0.2, 0.6])
    found = win_rate(slotless(outcomes), level=0.9).interval
    assert found == rate_interval(outcomes[None, :], level=0.9)
    assert found.method == "Wilson over prompts" and found.se == pytest.approx(stats.sem(outcomes))


def test_up_to_one_per_cent_of_missing_verdicts_needs_no_bounds():
    outcomes = [NAN, *([1.0, 0.0] * 50)]
    assert win_rate(slotless(outcomes)).bounds is None
    assert win_rate(slotless([NAN, *outcomes])).bounds == (50 / 102, 52 / 102)


def test_nothing_but_missing_verdicts_is_nan_with_a_note():
    found = win_rate(slotless([NAN, NAN]))
    assert math.isnan(found.value)
    assert (found.bounds, found.interval.note, found.lost_prompts) == ((0.0, 1.0), "no prompts", 2)


@pytest.mark.parametrize(
    ("values", "note"),
    [([], "no prompts"), ([1.0], "one prompt"), ([1.0, 1.0], "no spread"), ([1.0, NAN], "not finite")],
)
def test_no_spread_is_no_interval_and_says_why(values, note):
    found = prompt_interval(np.array(values))
    assert math.isnan(found.low) and note in found.note


def test_over_seeds_it_is_wilsons_with_the_crossed_standard_error():
    values = np.random.default_rng(1).choice([0, 0.5, 1], (3, 40), p=[0.3, 0.2, 0.5])
    found = win_rate_over_seeds({13: slotless(values[0]), 42: slotless(values[1]), 7: slotless(values[2])})
    expected = crossed_interval(values - 0.5)
    assert found.seeds == (13, 42, 7)
    assert found.values == pytest.approx(values.mean(axis=1))
    assert (found.interval.mean, found.interval.se) == pytest.approx((expected.mean + 0.5, expected.se))
    assert found.interval.df == pytest.approx(expected.df)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (rate_interval(values).low, rate_interval(values).high)
    )


def test_one_seed_has_the_interval_over_prompts_and_says_so():
    rows = slotless([1.0, 0.0, 0.5, NAN, 1.0])
    found, alone = win_rate_over_seeds({42: rows}).interval, win_rate(rows).interval
    assert (found.low, found.high, found.p) == pytest.approx((alone.low, alone.high, alone.p))
    assert found.note == "one seed: seed variance not estimated"


def test_a_prompt_missing_in_one_seed_keeps_every_seeds_mean():
    found = win_rate_over_seeds({1: slotless([1.0, 0.0, NAN, NAN]), 2: slotless([1.0, 0.5, 0.0, NAN])})
    assert found.values == (0.5, 0.5)
    assert found.interval.mean == pytest.approx(0.5)
    assert found.interval.se > 0
    assert "two seeds" in found.interval.note


def test_seeds_of_other_prompts_or_labels_are_refused():
    with pytest.raises(BenchError, match="same prompts"):
        win_rate_over_seeds({1: slotless([1.0, 0.0]), 2: slotless([1.0])})
    with pytest.raises(ValueError, match="one label against one opponent"):
        win_rate_over_seeds({1: slotless([1.0]), 2: slotless([1.0], label="ipo")})


@pytest.mark.shared_data
def test_human_verdicts(shared):
    """Every pair of five models: the plain mean and its score test, and the complement from the other side."""
    rows = pandalm(shared)
    pairs = rows.groupby(["label", "opponent"])
    assert len(pairs) == 10 and len(rows) == 708
    for (label, opponent), own in pairs:
        found = win_rate(own)
        outcome = own["outcome"].to_numpy()
        scored = (outcome.mean() - 0.5) / (0.5 * stats.sem(outcome) / math.sqrt(outcome.mean() * (1 - outcome.mean())))
        assert (found.label, found.opponent, found.prompts) == (label, opponent, len(own))
        assert found.value == pytest.approx(own["outcome"].mean(), rel=1e-12)
        assert found.interval.p == pytest.approx(2 * stats.t.sf(abs(scored), len(own) - 1), rel=1e-9)
        net = (own["outcome"] > 0.5).mean() - (own["outcome"] < 0.5).mean()
        assert (found.wins - found.losses) / len(own) == pytest.approx(net)
        assert win_rate(mirrored(own)).value == pytest.approx(1 - found.value, rel=1e-12)
