"""SparsePO with masks of activations."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.sparse_po_act import Hyper, loss, mask, rescaled

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)
DIVERGENCE = torch.where(POLICY.response, torch.rand(POLICY.token.shape, dtype=torch.float64), 0.0)


def scores_of(*layers, policy=POLICY, reference=REFERENCE, divergence=DIVERGENCE):
    """Scores with these activations of as many layers."""
    named = {f"layer {number}": layer for number, layer in enumerate(layers, start=1)}
    return Scores(policy, reference, _distribution=divergence, _activations=named)


def test_by_hand():
    """Layers (2, 6, 4) and (0, 0, 9): shares (0, 1, 1/2) and (0, 0, 1), masks (0, 1/2, 3/4); a single token has 1."""
    scores = scores_of(
        tokens([2.0, 6.0, 4.0], [7.0]).token,
        tokens([0.0, 0.0, 9.0], [-3.0]).token,
        policy=tokens([-1.0, -1.0, -1.0], [-1.0]),
        reference=tokens([-9.0, -2.0, -3.0], [-2.0]),
        divergence=tokens([0.5, 1.0, 2.0], [0.5]).token,
    )
    torch.testing.assert_close(mask(scores), tokens([0.0, 0.5, 0.75], [1.0]).token)
    margin = 0.5 * (1 + 1) + 0.75 * (2 + 2) - (1 + 0.5)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(math.log(1 + math.exp(-margin)), rel=1e-12)


def test_z_normalisation_before_it_changes_nothing():
    """As the authors' code has it, over the tokens of each response, with the deviation of n - 1."""
    values = torch.randn(POLICY.token.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    normal = values.clone()
    for row, response in zip(normal.flatten(0, 1), POLICY.response.flatten(0, 1), strict=True):
        if response.sum() > 1:
            row.copy_((row - row[response].mean()) / row[response].std())
    torch.testing.assert_close(rescaled(values, POLICY.response), rescaled(normal, POLICY.response))


def test_activations_that_are_alike_are_token_level_dpo():
    first = methods.get("tdpo_token1")
    expected = first.loss(Scores(POLICY, REFERENCE, _distribution=DIVERGENCE), first.hyper())
    torch.testing.assert_close(loss(scores_of(POLICY.response.double()), Hyper()), expected)


def test_a_mask_lies_between_0_and_1_and_is_0_off_the_response():
    drawn = torch.randn((2, *POLICY.token.shape), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = mask(scores_of(*drawn))
    assert found.min() == 0 and found.max() <= 1 and found[~POLICY.response].abs().max() == 0


def test_an_empty_response_counts_nothing():
    nothing = torch.zeros(1, 2, 3, dtype=torch.bool)
    assert rescaled(torch.ones(1, 2, 3), nothing).abs().max() == 0
