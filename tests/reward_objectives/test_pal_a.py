"""PAL, model A: ideal points."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.pal_a import Hyper, loss, score

from .toys import column

HYPER = Hyper(users=2, prototypes=2, dimensions=2)


def points(*rows, user=0, weights=((40.0, 0.0), (0.0, 40.0))):
    """Prototypes (0, 0) and (3, 4); user 0 is all of the first, user 1 all of the second."""
    tables = {"prototypes": column([0.0, 0.0], [3.0, 4.0]), "user_weights": column(*map(list, weights))}
    return RewardScores(
        torch.tensor([rows], dtype=torch.float64), _tables=tables, _column={"user": column(float(user))}
    )


def test_by_hand():
    """pal_a: a response at (3, 4) is 5 from user 0 and 0 from user 1; the other, at the origin, the other way round."""
    scores = points([3.0, 4.0], [0.0, 0.0], user=0)
    assert score(scores, HYPER).flatten().tolist() == pytest.approx([-5.0, 0.0], abs=1e-5)
    assert loss(scores, HYPER).item() == pytest.approx(6.0, abs=1e-5)
    assert loss(points([3.0, 4.0], [0.0, 0.0], user=1), HYPER).item() == 0.0


def test_a_user_between_is_at_the_mixture():
    """Equal weights: the point is (1.5, 2), 2.5 from both."""
    scores = points([3.0, 4.0], [0.0, 0.0], weights=((0.0, 0.0), (0.0, 0.0)))
    assert score(scores, HYPER).flatten().tolist() == pytest.approx([-2.5, -2.5])


def test_the_weights_of_a_new_user_recover_a_planted_one():
    """All else frozen, 64 pairs of a user at (1/4, 3/4) of the prototypes: the weights alone find that point."""
    generator = torch.Generator().manual_seed(0)
    places = 6 * torch.rand(64, 2, 2, generator=generator, dtype=torch.float64) - 1
    point = 0.75 * column(3.0, 4.0)
    distances = (places - point).norm(dim=-1)
    order = distances.argsort(dim=-1)
    outputs = places.gather(1, order[..., None].expand(-1, -1, 2))  # the nearer first
    weights = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.05)
    for _ in range(300):
        tables = {"prototypes": column([0.0, 0.0], [3.0, 4.0]), "user_weights": weights}
        scores = RewardScores(outputs, _tables=tables, _column={"user": torch.zeros(64)})
        total = loss(scores, Hyper(prototypes=2, dimensions=2)).mean()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    assert weights.softmax(dim=-1)[0, 1].item() == pytest.approx(0.75, abs=0.12)


def test_no_user_is_refused():
    with pytest.raises(ValueError, match="users: expected 1 or more"):
        Hyper(users=0)
