"""DRM: heads from principal components."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.drm import Hyper, components, fit, head, score


def states(count=60, *, seed=0):
    """Pairs whose differences vary by 3 along the first axis, by 2 along the second, by 0.1 along the others."""
    generator = torch.Generator().manual_seed(seed)
    rejected = torch.randn(count, 5, generator=generator, dtype=torch.float64)
    spread = torch.tensor([3.0, 2.0, 0.1, 0.1, 0.1], dtype=torch.float64)
    difference = spread * torch.randn(count, 5, generator=generator, dtype=torch.float64) + 0.5
    return torch.stack([rejected + difference, rejected], dim=1)


def test_a_backbone_must_be_as_wide_as_there_are_components():
    assert head(Hyper(components=7)).least_hidden == 7


def test_components_are_scikit_learns_up_to_sign_with_their_negatives():
    given = states()
    expected = PCA(n_components=2).fit((given[:, 0] - given[:, 1]).numpy()).components_
    found = components(given, 2).numpy()
    assert np.abs((found[:2] * expected).sum(axis=1)) == pytest.approx([1.0, 1.0], rel=1e-9)
    np.testing.assert_array_equal(found[2:], -found[:2])


def test_planted_attributes_are_recovered():
    assert components(states(2000), 2).abs()[:2, :2] == pytest.approx(np.eye(2), abs=0.05)


def test_direction_and_offset_are_the_weighted_standardised_heads():
    """Drm written out head by head with numpy."""
    given, hyper = states(), Hyper(components=3, adaptation_pairs=4, temperature=2.0)
    heads = given[:4].numpy() @ components(given, 3).numpy().T  # [4, 2, 6]
    pooled = heads.reshape(8, 6)
    standard = (heads - pooled.mean(axis=0)) / pooled.std(axis=0, ddof=1)
    losses = np.log1p(np.exp(-(standard[:, 0] - standard[:, 1]))).sum(axis=0)
    weights = np.exp(-losses / 2) / np.exp(-losses / 2).sum()
    tables = fit(RewardScores(_states=given), hyper)
    found = score(RewardScores(_states=given[:4], _tables=tables), hyper)
    np.testing.assert_allclose(found.numpy(), standard @ weights, rtol=1e-9)


def test_few_pairs_weigh_the_head_that_orders_them():
    """Pairs of a user who wants more of the second attribute are ordered by what is fitted."""
    given = states(400)
    wants = given[..., 1]
    swap = wants[:, 0] < wants[:, 1]
    given = torch.where(swap[:, None, None], given.flip(1), given)
    tables = fit(RewardScores(_states=given), Hyper(components=2, adaptation_pairs=40))
    found = score(RewardScores(_states=given, _tables=tables), Hyper())
    assert (found[:, 0] > found[:, 1]).double().mean() > 0.9


@pytest.mark.parametrize("wrong", [{"components": 0}, {"adaptation_pairs": 0}, {"temperature": 0.0}])
def test_no_component_no_pair_and_no_temperature_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
    with pytest.raises(ValueError, match="components: expected 5 at most, got 6"):
        fit(RewardScores(_states=states(8)), Hyper(components=6))
