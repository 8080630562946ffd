"""InfoNCA."""

from __future__ import annotations

import math

import pytest

from benchbench.methods import dpo, softmax_list
from benchbench.methods.info_nca import Hyper, loss, reward

from .toys import listed

SCORES = listed([-1.0, -3.0, -2.0], reference=[-2.0, -2.0, -2.0], reward=[0.1, 0.7, 0.4])


def test_by_hand():
    """Log-ratios log 3 and 0 at beta 1: q = (3/4, 1/4); equal rewards weigh one half each."""
    scores = listed([math.log(3) - 5, -5.0], reference=[-5.0, -5.0], reward=[0.3, 0.3])
    expected = -0.5 * math.log(0.75) - 0.5 * math.log(0.25)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([2 * math.log(3), 0.0])


def test_with_all_weight_on_the_first_of_two_it_is_dpo():
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[1.0, 0.0])
    expected = dpo.loss(scores, dpo.Hyper(beta=0.1)).item()
    assert loss(scores, Hyper(beta=0.1, alpha=1e-3)).item() == pytest.approx(expected, rel=1e-12)


def test_at_alpha_1_it_is_the_softmax_loss_that_lipo_compares():
    expected = softmax_list.loss(SCORES, softmax_list.Hyper(beta=0.3)).item()
    assert loss(SCORES, Hyper(beta=0.3, alpha=1.0)).item() == pytest.approx(expected, rel=1e-12)


def test_candidates_of_one_reward_share_the_weight():
    """One half each of the best two; the released code gives all to the first, by adding 0.01 to its reward."""
    scores = listed([-1.0, -3.0, -2.0], reference=[-2.0, -2.0, -2.0], reward=[5.0, 5.0, 1.0])
    log_z = math.log(math.exp(1) + math.exp(-1) + 1)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(log_z - 0.5 * 1 - 0.5 * -1, rel=1e-12)
