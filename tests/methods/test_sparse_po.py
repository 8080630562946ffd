"""SparsePO."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.sparse_po import METHOD, Hyper, loss, masks

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)
DIVERGENCE = torch.where(POLICY.response, torch.rand(POLICY.token.shape, dtype=torch.float64), 0.0)


def masked(*values, policy=POLICY, reference=REFERENCE, divergence=DIVERGENCE):
    """Scores whose head gives each response token these numbers."""
    head = policy.response[..., None] * torch.tensor(values, dtype=torch.float64)
    return Scores(policy, reference, _distribution=divergence, _head=head)


def test_by_hand():
    """Masks 2 and 0.5, log-ratios 3 and 1, divergences 0.4 and 0.2: (6 + 0.2) - (2 + 0.1) = 4.1; five mask units."""
    scores = masked(
        2.0,
        0.5,
        policy=tokens([0.0], [0.0]),
        reference=tokens([-3.0], [-1.0]),
        divergence=tokens([0.4], [0.2]).token,
    )
    hyper = Hyper(beta=1.0, rw_kl_independent=True, l1_norm_param_u=0.1, l1_norm_param_d=0.01)
    assert loss(scores, hyper).item() == pytest.approx(math.log(1 + math.exp(-4.1)) + 0.4 + 0.01, rel=1e-12)


def test_the_size_of_a_mask_is_its_sum_and_a_common_mask_counts_once():
    """Three tokens and one, all of mask 2: 8 units at half of 0.01 twice for one mask, at 0.01 twice for two."""
    still = tokens([0.0] * 3, [0.0])
    one, two = (masked(*each, policy=still, reference=still, divergence=still.token) for each in ([2.0], [2.0, 2.0]))
    common = Hyper(l1_norm_param_u=0.01, l1_norm_param_d=0.01)
    assert loss(one, common).item() == pytest.approx(math.log(2) + 0.08, rel=1e-12)
    assert loss(two, replace(common, rw_kl_independent=True)).item() == pytest.approx(math.log(2) + 0.16, rel=1e-12)


def test_masks_of_one_are_token_level_dpo():
    first = methods.get("tdpo_token1")
    expected = first.loss(Scores(POLICY, REFERENCE, _distribution=DIVERGENCE), first.hyper())
    torch.testing.assert_close(loss(masked(1.0), Hyper()), expected)


def test_a_mask_of_log_ratios_alone_is_dpo():
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper())
    torch.testing.assert_close(loss(masked(1.0, 0.0), Hyper(rw_kl_independent=True)), expected)


def test_a_mask_is_never_negative_and_a_closed_one_counts_nothing():
    of_ratio, of_divergence = masks(masked(-1.0))
    assert of_ratio.abs().max() == of_divergence.abs().max() == 0
    assert loss(masked(-1.0), Hyper()).tolist() == pytest.approx([math.log(2)] * 5, rel=1e-12)


def test_one_common_mask_or_two():
    head = METHOD.head
    assert head is not None and head.reads == "reference" and head.place == "tokens"
    assert [head.outputs(Hyper(rw_kl_independent=both)) for both in (False, True)] == [1, 2]
    assert head.rate(Hyper(mask_rate=3.0)) == 3.0
