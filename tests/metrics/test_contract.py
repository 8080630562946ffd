"""What every metric, present and future, must fulfil."""

from __future__ import annotations

import dataclasses
import importlib
import math

import numpy as np
import pytest

from benchbench import metrics
from benchbench.core.errors import BenchError

from .scores import pair_scores, random_scores, taken

FREE_OF_SCALE = {"standard deviations", "correlation"}
OF_THE_DATA = {"length_difference", "longer_chosen_rate", "reference_difficulty", "idealised_ranking_accuracy"}
"""What the chosen and rejected responses are like under the reference or by themselves, whatever the score."""


@pytest.fixture(params=metrics.names())
def metric(request):
    return metrics.get(request.param)


def test_the_name_is_the_file(metric):
    module = importlib.import_module(f"benchbench.metrics.{metric.name}")
    assert module.METRIC is metric
    assert module.__doc__


def test_direction_unit_and_version_are_declared(metric):
    assert metric.direction in {"higher", "lower", "none"}
    assert metric.unit in {"fraction", "score", "probability", "nats", "tokens", *FREE_OF_SCALE}
    if metric.unit in {"probability", "nats"}:
        assert metric.scorings == ("reward_model",), "a probability needs the scale of the score"
    assert set(metric.reads) <= {"reference", "n_tokens"}
    assert metric.version >= 1


def test_a_constant_scorer_learns_nothing(metric):
    """Exactly 0.5 wherever higher is better, except where ties are wrong or right by definition; also for odd n."""
    measured = metric.measure(pair_scores(np.full(9, -3.3), np.full(9, -3.3)), "logp_mean")
    if metric.unit in FREE_OF_SCALE:
        assert math.isnan(measured.value) and measured.note
    elif metric.name in OF_THE_DATA:
        scores = random_scores(9)
        flat = dataclasses.replace(scores, chosen=np.zeros(9), rejected=np.zeros(9))
        assert metric.value(flat) == metric.value(scores), "the score plays no part"
    elif metric.direction == "higher":
        wrong = metric.name.endswith("_strict") or metric.name.startswith("style_")
        assert measured.value == (1.0 if metric.name == "ranking_accuracy" else 0.0 if wrong else 0.5)
    elif metric.unit == "nats":
        assert measured.value == pytest.approx(math.log(2), rel=1e-12)
    elif metric.name == "calibration_floor":
        assert measured.value == 0.0, "one half of each pair, which is right of one of its two orders"
    elif metric.unit == "probability":
        assert measured.value in {0.0, 0.25}, "it says one half of pairs that it cannot order, squared or not"
    else:
        assert measured.value in {0.0, 1.0} or measured.value == pytest.approx(-3.3)


def test_no_pairs_is_nan_with_a_note(metric):
    measured = metric.measure(pair_scores([], [], gold=([], [])), "logp_mean")
    assert math.isnan(measured.value) and math.isnan(measured.se)
    assert measured.n == 0 and measured.note


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_score_that_is_not_finite_is_nan_with_a_note(metric, wrong, side):
    sides = [np.zeros(4), np.ones(4)]
    sides[side][2] = wrong
    measured = metric.measure(pair_scores(*sides), "logp_mean")
    assert math.isnan(measured.value) and math.isnan(measured.se) and measured.note


def test_the_value_is_the_mean_over_pairs_where_it_says_so(metric):
    scores = random_scores()
    if metric.per_pair is None:
        pytest.skip("not a mean over pairs")
    contributions = metric.per_pair(scores)
    assert contributions.shape == (50,) and contributions.dtype == np.float64
    measured = metric.measure(scores, "logp_mean")
    assert measured.value == pytest.approx(contributions.mean(), rel=1e-12)
    assert measured.se == pytest.approx(contributions.std(ddof=1) / math.sqrt(50), rel=1e-12)


@pytest.mark.parametrize("name", ["pair_accuracy", "pair_accuracy_strict", "tie_rate", "mean_margin"])
def test_the_means_give_their_contributions(name):
    """The crossed interval needs them; without them the bootstrap would take over unnoticed."""
    assert metrics.get(name).per_pair is not None


def test_the_order_of_the_pairs_does_not_matter(metric):
    scores = random_scores()
    shuffled = taken(scores, np.random.default_rng(1).permutation(50))
    assert metric.value(shuffled) == pytest.approx(metric.value(scores), rel=1e-12)


def test_every_pair_twice_changes_nothing(metric):
    scores = random_scores()
    doubled = metric.value(taken(scores, np.tile(np.arange(50), 2)))
    if metric.name == "calibration_floor":
        assert doubled < metric.value(scores), "chance is less in larger bins"
    elif metric.name == "low_margin":
        assert doubled == pytest.approx(metric.value(scores), abs=0.5), "interpolated between other places"
    else:
        assert doubled == pytest.approx(metric.value(scores), rel=1e-12)


def test_fractions_ignore_the_scale_and_scores_follow_it(metric):
    scores = random_scores()
    reference = tuple(4 * side for side in scores.stored["reference"])
    stored = {**scores.stored, "reference": reference}
    scaled = dataclasses.replace(scores, chosen=4 * scores.chosen, rejected=4 * scores.rejected, stored=stored)
    if metric.unit in {"probability", "nats"} or metric.name == "idealised_ranking_accuracy":
        return  # sigmoid of the margin; odds beside nats
    factor = 4 if metric.unit == "score" else 1
    assert metric.value(scaled) == pytest.approx(factor * metric.value(scores), rel=1e-12)


def test_a_perfect_scorer_gets_one_where_higher_is_better(metric):
    measured = metric.measure(pair_scores(np.arange(12.0) + 20, np.arange(12.0)), "logp_mean")
    if metric.direction == "higher" and metric.unit == "fraction":
        assert measured.value == 1.0


def test_one_pair_has_a_value_and_no_standard_error(metric):
    measured = metric.measure(pair_scores([1.0], [0.0]), "logp_mean")
    assert math.isnan(measured.se)
    assert math.isfinite(measured.value) or measured.note, "a spread needs two"
    assert math.isfinite(measured.value) or metric.undefined is not None


def test_the_arrays_are_left_as_they_were(metric):
    scores = random_scores()
    before = scores.chosen.copy(), scores.rejected.copy()
    metric.measure(scores, "logp_mean")
    np.testing.assert_array_equal(scores.chosen, before[0])
    np.testing.assert_array_equal(scores.rejected, before[1])


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(BenchError, match="Did you mean 'pair_accuracy'"):
        metrics.get("pair_acuracy")


def test_the_private_module_is_no_exhibit():
    assert not [name for name in metrics.names() if name.startswith("_")]
