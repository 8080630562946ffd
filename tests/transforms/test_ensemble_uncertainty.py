"""ensemble_uncertainty."""

from __future__ import annotations

import math

import pytest

from benchbench.transforms.ensemble_uncertainty import disagreement

from .toys import pair, transformed


def test_by_hand():
    """Two members sure of opposite answers disagree by log 2; two that both say one half, or the same, not at all."""
    assert disagreement([1.0, 0.0]) == pytest.approx(math.log(2), abs=1e-8)
    assert disagreement([0.5, 0.5]) == pytest.approx(0.0, abs=1e-12)
    h = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    assert disagreement([0.9, 0.1]) == pytest.approx(math.log(2) - h, abs=1e-8)


def test_scores_become_probabilities_and_margins():
    """Margins log 9 and -log 9 are 0.9 and 0.1: mean 0, deviation log 9."""
    example = pair("x", m0=(math.log(9), 0.0), m1=(0.0, math.log(9)))
    (become,), _ = transformed("ensemble_uncertainty", [example], members=["m0", "m1"])
    h = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    assert become.columns["p_mean"] == pytest.approx(0.5)
    assert become.columns["uncertainty"] == pytest.approx(math.log(2) - h, abs=1e-8)
    assert become.columns["margin_mean"] == pytest.approx(0.0, abs=1e-12)
    assert become.columns["margin_sd"] == pytest.approx(math.log(9) * math.sqrt(2))


def test_probabilities_of_dropout_passes_are_read_as_they_are():
    example = pair("x", m0=0.9, m1=0.7)
    (become,), _ = transformed("ensemble_uncertainty", [example], members=["m0", "m1"], kind="probabilities")
    assert become.columns["p_mean"] == pytest.approx(0.8)
    _, counts = transformed(
        "ensemble_uncertainty", [pair("x", m0=0.9, m1=math.nan)], members=["m0", "m1"], kind="probabilities"
    )
    assert counts.dropped == {"answer of a member missing": 1}
