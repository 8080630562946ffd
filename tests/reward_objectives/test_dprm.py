"""DPRM: a distribution over grades."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import wasserstein_distance

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.dprm import Hyper, loss, score

from .toys import column, named, random_scores

HYPER = Hyper(grades=3)


def graded(given, counts):
    """One response with probabilities over three grades, and how many annotators gave each."""
    columns = {f"grade_{grade}": column([float(count)]) for grade, count in enumerate(counts)}
    return RewardScores(torch.tensor([[given]], dtype=torch.float64).log(), _column=columns)


def test_by_hand():
    """dprm: (0.5, 0.3, 0.2) against (1, 1, 2) / 4: cumulative 0.5, 0.8 against 0.25, 0.5: 0.25 + 0.3."""
    scores = graded([0.5, 0.3, 0.2], [1, 1, 2])
    assert loss(scores, HYPER).item() == pytest.approx(0.55, rel=1e-12)
    assert score(scores, HYPER).item() == pytest.approx(0.7, rel=1e-12)


def test_one_grade_for_all_is_the_mean_distance_to_it():
    """From grade 1: half of the mass is 1 below, a fifth 1 above."""
    assert loss(graded([0.5, 0.3, 0.2], [0, 6, 0]), HYPER).item() == pytest.approx(0.7, rel=1e-12)


def test_a_response_without_annotators_costs_nothing():
    assert loss(graded([0.5, 0.3, 0.2], [0, 0, 0]), HYPER).item() == 0.0


def test_as_scipys_distance_of_random_distributions():
    objective, hyper = named("dprm")
    scores = random_scores(objective, hyper, examples=4)
    given, found = scores.outputs.softmax(dim=-1), loss(scores, hyper)
    counts = torch.stack([scores.column(f"grade_{grade}") for grade in range(3)], dim=-1)
    for b in range(4):
        distances = [wasserstein_distance(range(3), range(3), given[b, k], counts[b, k]) for k in range(2)]
        assert found[b].item() == pytest.approx(sum(distances) / 2, rel=1e-9)


def test_one_grade_is_refused():
    with pytest.raises(ValueError, match="grades: expected 2 or more"):
        Hyper(grades=1)
