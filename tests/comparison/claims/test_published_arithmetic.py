"""What the reported numbers say by themselves: our statistics on the claims of the shipped recipes."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.plan.checks.recipe import bind_free_parts
from benchbench.recipe import library
from benchbench.recipe.load import load_recipe

from ..oracles import paired_difference

SEEDS = (42, 13, 3407)


def reported(method: str, metric: str) -> np.ndarray:
    entry = library.open_entry(str(library.shipped_root() / f"{method}_pythia410m.yaml"))
    claims = load_recipe(entry, checks=(bind_free_parts,)).recipe.claims
    (values,) = [c.values for c in claims if (c.metric, c.scoring) == (metric, "logp_mean")]
    assert values is not None
    return np.array([values[seed] for seed in SEEDS])


@pytest.mark.parametrize(
    ("metric", "p"), [("pair_accuracy", 0.099), ("auc", 0.19), ("mean_margin", 0.10)], ids=lambda value: str(value)
)
def test_no_reported_difference_stands_out_of_three_seeds(metric, p):
    found = paired_difference(reported("ddo_rm", metric), reported("dpo", metric))
    assert found.p == pytest.approx(p, abs=0.005)
    assert found.low < 0 < found.high


def test_the_reported_pair_accuracies():
    found = paired_difference(reported("ddo_rm", "pair_accuracy"), reported("dpo", "pair_accuracy"))
    half = 100 * (found.high - found.low) / 2
    assert (round(100 * found.mean, 2), round(found.mean / found.se, 2), round(found.p, 3)) == (3.63, 2.94, 0.099)
    assert round(half, 2) == 5.32


@pytest.mark.parametrize(("method", "low", "high"), [("dpo", 0.098, 0.105), ("ddo_rm", 0.044, 0.094)])
def test_the_larger_margin_is_not_the_larger_effect(method, low, high):
    ratios = reported(method, "mean_margin") / reported(method, "std_margin")
    assert (round(ratios.min(), 3), round(ratios.max(), 3)) == (low, high)


@pytest.mark.parametrize(("method", "means"), [("dpo", (0.5238, 0.5315, 0.1377)), ("ddo_rm", (0.5602, 0.5382, 0.5353))])
def test_the_means_are_those_of_the_paper(method, means):
    found = [reported(method, metric).mean() for metric in ("pair_accuracy", "auc", "mean_margin")]
    assert found == pytest.approx(means, abs=5e-5)
