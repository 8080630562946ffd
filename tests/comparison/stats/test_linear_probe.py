"""The linear probe is scikit-learn's logistic regression on standardised states."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchbench.comparison.stats.linear_probe import fit_probe
from benchbench.core.seeding import stream


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("c", [0.1, 1.0, 10.0])
def test_weights_and_predictions_are_those_of_scikit_learn(classes: int, c: float):
    rng = stream(classes, "states")
    states = rng.normal(size=(200, 5)) * [1, 10, 0.1, 1, 1] + 3
    labels = (states[:, 0] + rng.normal(size=200) > 3).astype(int) if classes == 2 else rng.integers(0, 4, 200)
    probe = fit_probe(states, labels, c=c)
    inputs = StandardScaler().fit_transform(states)
    theirs = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(inputs, labels)
    weights = probe.weights[1:] if classes == 2 else probe.weights
    intercepts = probe.intercepts[1:] if classes == 2 else probe.intercepts - probe.intercepts.mean()
    assert weights == pytest.approx(theirs.coef_, abs=1e-4)
    assert intercepts == pytest.approx(theirs.intercept_ - (0 if classes == 2 else theirs.intercept_.mean()), abs=1e-4)
    assert (probe.predict(states) == theirs.predict(inputs)).all()


def test_a_constant_state_is_of_no_use_and_does_no_harm():
    states = np.array([[0.0, 7.0], [1.0, 7.0], [0.2, 7.0], [0.9, 7.0]])
    probe = fit_probe(states, np.array([0, 1, 0, 1]))
    assert probe.weights[1, 1] == pytest.approx(0)
    assert probe.predict(states).tolist() == [0, 1, 0, 1]
