"""TR-DPO."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores, UndeclaredInputError
from benchbench.methods.tr_dpo import METHOD, Hyper, loss, reward

from .toys import random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_it_is_dpo_against_the_reference_of_that_step():
    dpo = methods.get("dpo")
    found = loss(Scores(POLICY, _live_reference=REFERENCE), Hyper(beta=0.1))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper(beta=0.1)))


def test_the_reward_is_that_of_the_same_reference():
    expected = 0.05 * (POLICY.sum() - REFERENCE.sum())
    torch.testing.assert_close(reward(Scores(POLICY, _live_reference=REFERENCE), Hyper()), expected)


def test_the_frozen_reference_is_not_read():
    with pytest.raises(UndeclaredInputError):
        loss(Scores(POLICY, REFERENCE), Hyper())


def test_the_hard_update_takes_the_policy_over():
    assert METHOD.hyper(**METHOD.variants["hard"]).ref_model_mixup_alpha == 1.0


def test_a_share_or_a_number_of_steps_that_says_nothing_is_refused():
    for wrong in ({"ref_model_mixup_alpha": 0.0}, {"ref_model_mixup_alpha": 1.5}, {"ref_model_sync_steps": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Hyper(**wrong)
