"""P2C: a classifier with an auxiliary loss of pairs."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.method import terms_of
from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives import classification
from benchbench.reward_objectives.p2c_twin import Hyper, loss, score

from .toys import column


def given(*logits, **columns):
    return RewardScores(torch.tensor([logits], dtype=torch.float64), _column=columns)


def test_both_terms_by_hand():
    """p2c_twin: log-odds 2 and -1: (log(1 + e^-2) + log(1 + e^-1)) / 2, and half of log(1 + e^-3)."""
    terms = loss(given([0.0, 2.0], [1.0, 0.0]), Hyper(weight=0.5))
    classes = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert terms["classes"].values.item() == pytest.approx(classes, rel=1e-12)
    assert terms["preference"].values.item() == pytest.approx(math.log1p(math.exp(-3)) / 2, rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_weight_0_is_the_plain_classifier(classes):
    scores = given([0.3, 2.0, -1.0][:classes], [1.0, 0.4, 0.1][:classes], grade=column([1.0, 0.0]))
    total = sum(term.values for term in terms_of(loss(scores, Hyper(classes, "grade", 0.0))).values())
    plain = classification.Hyper(classes, "grade")
    torch.testing.assert_close(total, classification.loss(scores, plain))
    torch.testing.assert_close(score(scores, Hyper(classes, "grade")), classification.score(scores, plain))


def accuracy(weight: float, seed: int) -> float:
    """Share of 2000 held-out texts whose class a linear model finds that learnt from 12 pairs of 8 features.

    A text's class is whether its planted worth is above 0; of two texts the one that is worth more is preferred.
    """
    generator = torch.Generator().manual_seed(seed)
    planted = torch.randn(8, generator=generator, dtype=torch.float64)
    texts = torch.randn(12, 2, 8, generator=generator, dtype=torch.float64)
    order = (texts @ planted).argsort(dim=1, descending=True)
    texts = texts.gather(1, order[..., None].expand(-1, -1, 8))
    grade = ((texts @ planted) > 0).double()
    weights = torch.zeros(8, 2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.05)
    for _ in range(60):
        terms = loss(RewardScores(texts @ weights, _column={"grade": grade}), Hyper(column="grade", weight=weight))
        optimizer.zero_grad()
        torch.stack([term.values.mean() for term in terms.values()]).sum().backward()
        optimizer.step()
    held_out = torch.randn(2000, 8, generator=generator, dtype=torch.float64)
    guessed = (held_out @ weights.detach()).argmax(dim=1)
    return (guessed == ((held_out @ planted) > 0)).double().mean().item()


def test_preferences_make_planted_classes_no_harder_to_find():
    """Five planted worlds: 0.93 on average with preferences and 0.88 without, and below the plain one in none."""
    with_pairs, plain = ([accuracy(weight, seed) for seed in range(5)] for weight in (1.0, 0.0))
    assert all(aided >= alone for aided, alone in zip(with_pairs, plain, strict=True))
    assert sum(with_pairs) / 5 > sum(plain) / 5 + 0.03


@pytest.mark.parametrize("wrong", [{"classes": 1}, {"classes": 3}, {"weight": -1.0}])
def test_numbers_out_of_their_ranges_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
