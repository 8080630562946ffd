"""DPO plus SFT."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over
from benchbench.core.scores import Scores
from benchbench.methods.dpo_sft import METHOD, Hyper, loss

from .toys import of_step, random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)
SCORES = Scores(tokens([-1.0, -3.0], [-2.0]), tokens([-3.0, -3.0], [-2.0]))
"""Log-ratio margin 2; the chosen response has -4 nats over 2 tokens."""


def test_by_hand():
    """Preference 0.5 * 2 = 1; likelihood 0.2 * 4 nats, over the step's chosen tokens."""
    found = loss(SCORES, Hyper(beta=0.5, weight=0.2))
    assert found["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)
    assert found["likelihood"].values.item() == pytest.approx(0.8, rel=1e-12)
    assert found["likelihood"].over is Over.CHOSEN_TOKENS


def test_without_the_likelihood_it_is_dpo():
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    found = of_step(loss(scores, Hyper(weight=0.0)), POLICY)
    torch.testing.assert_close(found, dpo.loss(scores, dpo.hyper()).mean())


def test_it_is_the_sum_of_dpo_and_sft():
    dpo, sft, scores = methods.get("dpo"), methods.get("sft"), Scores(POLICY, REFERENCE)
    expected = dpo.loss(scores, dpo.hyper()).mean() + 0.3 * of_step(sft.loss(scores, sft.hyper()), POLICY)
    torch.testing.assert_close(of_step(loss(scores, Hyper(weight=0.3)), POLICY), expected)


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
