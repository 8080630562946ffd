"""acquire_bal_pm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import digamma

from benchbench import transforms
from benchbench.transforms.acquire_bal_pm import greedy_batch

from .toys import ids, pair, transformed

OPTIONS = transforms.get("acquire_bal_pm").options


def test_without_entropy_the_most_uncertain_are_taken():
    examples = [pair(f"x{i}", x=float(i), uncertainty=u) for i, u in enumerate((0.1, 0.5, 0.3))]
    become, counts = transformed("acquire_bal_pm", examples, features=["x"], beta=0.0, budget=2)
    assert ids(become) == ["x1", "x2"] and counts.dropped == {"outside the budget": 1}


def test_copies_of_a_prompt_are_not_taken_one_after_the_other():
    """Four copies at 0, slightly more uncertain, and one prompt far off: after a copy comes the far one."""
    features = np.array([[0.0], [0.0], [0.0], [0.0], [10.0]])
    uncertainty = np.array([0.2, 0.2, 0.2, 0.2, 0.1])
    order = greedy_batch(features, uncertainty, OPTIONS(features=["x"], beta=1.0, neighbours=2, budget=2))
    assert order[0] == 4 or order[1] == 4
    assert greedy_batch(features, uncertainty, OPTIONS(features=["x"], beta=0.0, neighbours=2, budget=2)) == [0, 1]


def test_against_the_formula_written_out():
    """Every pick recomputed with scipy's digamma and a sort instead of a partition."""
    rng = np.random.default_rng(1)
    features, uncertainty = rng.normal(size=(30, 3)), rng.random(30)
    options = OPTIONS(features=["x", "y", "z"], beta=0.5, neighbours=4, budget=12, dimension=3.0)
    distances = np.array([[math.dist(a, b) for b in features] for a in features])
    radius = np.sort(distances, axis=1)[:, 3]
    acquired: list[int] = []
    for _ in range(12):
        near = np.array([sum(distances[i, j] <= radius[i] for j in acquired) for i in range(30)])
        score = uncertainty + 0.5 * (np.log(2 * radius + 1e-4) - digamma(near + 1) / 3.0)
        acquired.append(max((i for i in range(30) if i not in acquired), key=lambda i, s=score: s[i]))
    assert greedy_batch(features, uncertainty, options) == acquired


def test_a_missing_feature_is_counted():
    examples = [pair("x", x=math.nan, uncertainty=0.1)]
    assert transformed("acquire_bal_pm", examples, features=["x"])[1].dropped == {"feature or uncertainty missing": 1}


def test_no_feature_is_refused():
    with pytest.raises(ValueError, match="features: expected"):
        OPTIONS(features=[])
