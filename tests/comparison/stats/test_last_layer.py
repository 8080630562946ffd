"""DPO of a last layer: its first slope in closed form, and a numerical gradient."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit

from benchbench.comparison.stats.last_layer import Behaviour, behaviours_of, loss_curves
from benchbench.core.seeding import stream


def statements(distance: float, *, n: int = 50, d: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of n statements of each side whose means are so far apart, and their sides."""
    noise = stream(seed, "statements").normal(size=(2, n, d))
    noise -= noise.mean(axis=1, keepdims=True)
    noise[0, :, 0] += distance
    return noise.reshape(2 * n, d) + 5, np.repeat([1, -1], n)


def test_unit_and_origin_cancel():
    x, y = statements(2.0)
    for scale, shift in ((1.0, 0.0), (100.0, -7.0)):
        (one,) = behaviours_of(scale * x + shift, y, np.array(["b"] * len(y))).values()
        spread = np.concatenate([one.embeddings[y == s] - one.embeddings[y == s].mean(axis=0) for s in (1, -1)])
        assert (spread**2).mean() == pytest.approx(1)
        within = np.concatenate([x[y == s] - x[y == s].mean(axis=0) for s in (1, -1)])
        assert one.distance == pytest.approx(2.0 / np.sqrt((within**2).mean()))


def test_the_first_slope_is_minus_the_square_of_a_quarter_of_beta_times_the_distance():
    x, y = statements(3.0)
    behaviours = behaviours_of(x, y, np.array(["b"] * len(y)))
    rate = 1e-4
    curve = loss_curves(behaviours, beta=0.1, rate=rate, steps=1)["b"]
    assert curve[0] == pytest.approx(np.log(2))
    assert (curve[1] - curve[0]) / rate == pytest.approx(-((0.1 * behaviours["b"].distance / 4) ** 2), rel=1e-4)


def test_training_follows_the_gradient_of_the_mean_over_behaviours():
    behaviours = {
        name: Behaviour(*statements(far, n=5, seed=k)) for k, (name, far) in enumerate((("a", 1.0), ("b", 3.0)))
    }

    def loss(weights: np.ndarray, name: str) -> float:
        one = behaviours[name]
        return float(-np.log(expit(0.5 * one.sides * (one.embeddings @ weights))).mean())

    curves, weights = loss_curves(behaviours, beta=0.5, rate=0.1, steps=3), np.zeros(6)
    for step in range(4):
        for name, curve in curves.items():
            assert curve[step] == pytest.approx(loss(weights, name), rel=1e-6)
        weights = weights - 0.1 * approx_fprime(weights, lambda w: (loss(w, "a") + loss(w, "b")) / 2, 1e-7)


def test_one_side_alone_and_no_spread_are_refused():
    names = np.array(["b", "b"])
    with pytest.raises(ValueError, match="one side alone"):
        behaviours_of(np.eye(2), np.array([1, 1]), names)
    with pytest.raises(ValueError, match="differ within a side"):
        behaviours_of(np.eye(2), np.array([1, -1]), names)
