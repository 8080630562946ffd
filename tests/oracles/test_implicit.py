"""implicit."""

from __future__ import annotations

import pytest

from benchbench import oracles

from .toys import Model, context, group, labelled


def within():
    policy = Model({"a": [-1.0, -2.0], "b": [-0.5], "": []})
    return context(models={"policy": policy, "reference": Model({"a": [-2.0, -3.0], "b": [-0.25], "": []})})


def test_beta_times_the_summed_log_ratio():
    """a: 0.5 x (-3 + 5) = 1; b: 0.5 x (-0.5 + 0.25) = -0.125."""
    (labels,) = labelled("implicit", [group("a", "b")], within(), beta=0.5)
    assert labels.scores == pytest.approx((1.0, -0.125))


def test_the_mean_log_probability_asks_the_reference_nothing():
    models = within().models
    (labels,) = labelled("implicit", [group("a", "b")], context(models=models), form="mean_log_prob")
    assert labels.scores == pytest.approx((-1.5, -0.5))
    assert (models["policy"].calls, models["reference"].calls) == (1, 0)


def test_a_response_without_a_token_has_no_reward():
    assert labelled("implicit", [group("", "b")], within())[0].scores == (None, pytest.approx(-0.025))


def test_a_beta_that_the_form_does_not_read_is_refused():
    with pytest.raises(ValueError, match="beta: expected none beside form mean_log_prob, which does not read it"):
        oracles.get("implicit").options(form="mean_log_prob", beta=0.2)
