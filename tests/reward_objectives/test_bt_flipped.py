"""Bradley-Terry with flipped labels."""

from __future__ import annotations

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_flipped import Hyper, loss

from .toys import column, rewards


def plain(*rows):
    return bradley_terry.loss(rewards(*rows), bradley_terry.Hyper())["bradley_terry"].values


def test_pairs_below_the_threshold_are_turned_round_and_others_are_not():
    """bt_flipped at 0.1: a margin of 0.1 stays, one of 0 is turned."""
    found = loss(rewards([2.0, 0.5], [2.0, 0.5], columns={"margin_mean": column(0.1, 0.0)}), Hyper(threshold=0.1))
    torch.testing.assert_close(found, plain([2.0, 0.5], [0.5, 2.0]), rtol=1e-14, atol=0)


def test_planted_flips_are_found_by_the_sign_of_the_mean_margin():
    """20 % of 500 labels are flipped, and the ensemble's margin is the recorded one with noise: all are mended."""
    generator = torch.Generator().manual_seed(0)
    true = 1.0 + torch.rand(500, generator=generator, dtype=torch.float64)
    planted = torch.rand(500, generator=generator) < 0.2
    recorded = true.where(~planted, -true)
    ensemble = recorded + 0.3 * torch.randn(500, generator=generator, dtype=torch.float64)
    outputs = torch.stack([recorded, torch.zeros_like(recorded)], dim=1)
    found = loss(rewards(*outputs.tolist(), columns={"margin_mean": ensemble}), Hyper())
    torch.testing.assert_close(found, plain(*torch.stack([true, 0 * true], dim=1).tolist()))


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="threshold: expected a finite number"):
        Hyper(threshold=float("nan"))
