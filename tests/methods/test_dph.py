"""DPH."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dph import METHOD, Hyper, loss, reward

from .toys import of_step, random_scores, tokens

HEAD = torch.tensor([[[1.0], [-1.0]]], dtype=torch.float64)


def test_by_hand():
    """Without smoothing: twice softplus(-1), or softplus(-2) of the difference; the chosen tokens' mean is 1.5."""
    scores = Scores(tokens([-1.0, -2.0], [-4.0]), _head=HEAD)
    assert reward(scores, Hyper()).tolist() == [[1.0, -1.0]]
    found = of_step(loss(scores, Hyper(label_smoothing=0.0)), scores.policy).item()
    assert found == pytest.approx(2 * 0.313261687518 + 1.5, rel=1e-10)
    hyper = Hyper(head_loss="contrastive", label_smoothing=0.0, sft_weight=0.0)
    assert of_step(loss(scores, hyper), scores.policy).item() == pytest.approx(0.126928011043, rel=1e-10)


def test_the_policy_s_part_is_sft_and_the_head_s_has_none_of_it():
    given, sft = random_scores(METHOD), methods.get("sft")
    terms = loss(given, Hyper())
    torch.testing.assert_close(terms["sft"].values, sft.loss(given, sft.hyper())["nll"].values)
    moved = replace(given, policy=type(given.policy)(given.policy.token * 2, given.policy.response))
    torch.testing.assert_close(loss(moved, Hyper())["head"].values, terms["head"].values)


def test_the_contrastive_loss_is_cdpo_s_on_the_head_s_rewards():
    """Its value for a policy whose log-ratios are the rewards."""
    cdpo = methods.get("cdpo")
    given = Scores(tokens([-1.0], [-3.0]), _head=HEAD)
    hyper = Hyper(head_loss="contrastive", label_smoothing=0.2)
    as_ratio = Scores(tokens([1.0], [-1.0]), tokens([0.0], [0.0]))
    expected = cdpo.loss(as_ratio, cdpo.hyper(beta=1.0, label_smoothing=0.2))
    torch.testing.assert_close(loss(given, hyper)["head"].values, expected)
