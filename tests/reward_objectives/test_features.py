"""A logistic model of features."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.features import Hyper, head, loss, score

from .toys import column

NAMES = ("a", "b", "c")


def test_by_hand():
    """features: weights (2, -1, 0) of (1, 1, 9) and (0, 3, 9): rewards 1 and -3, so log(1 + e^-4)."""
    columns = {"a": column([1.0, 0.0]), "b": column([1.0, 3.0]), "c": column([9.0, 9.0])}
    scores = RewardScores(_tables={"weights": column(2.0, -1.0, 0.0)}, _column=columns)
    assert score(scores, Hyper(columns=NAMES)).tolist() == [[1.0, -3.0]]
    (term,) = loss(scores, Hyper(columns=NAMES)).values()
    assert term.values.item() == pytest.approx(np.log1p(np.exp(-4)), rel=1e-12)


def test_its_optimum_is_scikit_learns_on_planted_features():
    """200 pairs of three features ordered by planted weights with noise; C = 1 / (n ridge)."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 2, 3))
    margin = (features[:, 0] - features[:, 1]) @ np.array([1.5, -1.0, 0.2]) + rng.logistic(size=200)
    features[margin < 0] = features[margin < 0][:, ::-1]
    difference, ridge = features[:, 0] - features[:, 1], 0.01
    both, labels = np.concatenate([difference, -difference]), np.repeat([1, 0], 200)
    model = LogisticRegression(C=1 / (2 * 200 * ridge), fit_intercept=False, tol=1e-10, max_iter=1000)
    expected = model.fit(both, labels).coef_[0]
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    columns = {name: torch.tensor(features[..., place]) for place, name in enumerate(NAMES)}
    optimizer = torch.optim.LBFGS([weights], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        terms = loss(RewardScores(_tables={"weights": weights}, _column=columns), Hyper(columns=NAMES, ridge=ridge))
        total = sum(term.values.mean() for term in terms.values())
        total.backward()
        return total

    optimizer.step(closure)
    np.testing.assert_allclose(weights.detach().numpy(), expected, rtol=1e-3)


def test_texts_do_not_go_through_the_backbone():
    assert not head(Hyper()).reads_backbone


@pytest.mark.parametrize("wrong", [{"columns": ()}, {"columns": ("a", "a")}, {"ridge": -1.0}])
def test_no_feature_and_a_negative_ridge_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
