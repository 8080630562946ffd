"""A loss as a function of four log-probabilities, with its gradient."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.contract.pair_gradients import not_of_a_pair, pair_gradients, pair_losses, random_log_probabilities


def test_dpo_by_hand():
    """Margin of 1 nat, beta 0.1: -log sigmoid(0.1), slope -0.1 * sigmoid(-0.1) in the chosen one and so on."""
    ((value, slope),) = pair_gradients(
        methods.get("dpo"), torch.tensor([[-1.0, -3.0, -2.0, -3.0]], dtype=torch.float64)
    ).values()
    assert value.item() == pytest.approx(math.log(1 + math.exp(-0.1)))
    expected = 0.1 / (1 + math.exp(0.1))
    assert slope[0].tolist() == pytest.approx([-expected, expected, expected, -expected])


def test_terms_have_a_gradient_each_and_what_is_not_read_has_none():
    parts = pair_gradients(methods.get("cpo"), random_log_probabilities())
    assert set(parts) == {"preference", "sft"}
    assert (parts["preference"][1][:, 2:] == 0).all() and (parts["sft"][1][:, 1:] == 0).all()


def test_what_else_a_loss_reads_is_said():
    said = {
        name: not_of_a_pair(methods.get(name))
        for name in ("dpo", "simpo", "kto", "ddo_rm", "gdpo", "beta_dpo", "rebel")
    }
    assert said["dpo"] == said["simpo"] == "" and all(said[name] for name in said.keys() - {"dpo", "simpo"})
    assert said["kto"] == "candidates: labelled" and said["rebel"] == "reward"
    for coupled, words in ((lambda hyper: hyper.beta > 0, said["beta_dpo"]), (lambda hyper: hyper.beta < 0, "")):
        assert not_of_a_pair(replace(methods.get("dpo"), coupled=coupled)) == words


@pytest.mark.parametrize("name", [name for name in methods.names() if not not_of_a_pair(methods.get(name))])
def test_every_loss_of_a_pair_is_finite_with_finite_slopes(name: str):
    for values, slopes in pair_gradients(methods.get(name), random_log_probabilities()).values():
        assert values.shape == (80,) and slopes.shape == (80, 4)
        assert torch.isfinite(values).all() and torch.isfinite(slopes).all()
    assert torch.isfinite(pair_losses(methods.get(name))).all()
