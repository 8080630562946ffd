"""Bradley-Terry with flipped labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
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


def trained(texts: torch.Tensor, objective_loss, seed: int) -> torch.Tensor:
    """[features] of a linear reward model after one pass over the pairs [N, 2, features], in the seed's order."""
    generator = torch.Generator().manual_seed(seed)
    weights = (0.1 * torch.randn(texts.shape[-1], generator=generator, dtype=torch.float64)).requires_grad_()
    optimizer = torch.optim.SGD([weights], lr=0.5)
    for places in torch.randperm(len(texts), generator=generator).split(20):
        optimizer.zero_grad()
        objective_loss(RewardScores((texts[places] @ weights)[..., None]), places).mean().backward()
        optimizer.step()
    return weights.detach()


def test_an_ensemble_trained_on_planted_flips_finds_them_and_flipping_them_back_helps():
    """20 % of 400 labels are flipped, and five models are trained on them that differ by their seeds alone.

    Of the flipped pairs 91 % have a mean margin below 0, and of the pairs below 0 81 % are flipped; a model that is
    trained with those turned round is right about 93 % of clean held-out pairs, one without about 86 %.
    """
    generator = torch.Generator().manual_seed(0)
    planted = torch.randn(6, generator=generator, dtype=torch.float64)
    texts = torch.randn(1400, 2, 6, generator=generator, dtype=torch.float64)
    order = (texts @ planted).argsort(dim=1, descending=True)
    texts = texts.gather(1, order[..., None].expand(-1, -1, 6))
    is_flipped = torch.rand(400, generator=generator) < 0.2
    recorded = torch.where(is_flipped[:, None, None], texts[:400].flip(1), texts[:400])

    def plain_loss(scores, places):
        return bradley_terry.loss(scores, bradley_terry.Hyper())["bradley_terry"].values

    members = torch.stack([trained(recorded, plain_loss, seed) for seed in range(5)])
    margins = ((recorded[:, 0] - recorded[:, 1]) @ members.T).mean(dim=1)
    is_named = margins < 0
    assert is_named[is_flipped].double().mean() > 0.9 and is_flipped[is_named].double().mean() > 0.8

    def flipped_loss(scores, places):
        return loss(replace(scores, _column={"margin_mean": margins[places]}), Hyper())

    def accuracy(weights):
        return ((texts[400:, 0] - texts[400:, 1]) @ weights > 0).double().mean().item()

    plain, mended = (accuracy(trained(recorded, of, 7)) for of in (plain_loss, flipped_loss))
    assert mended > plain + 0.05


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="threshold: expected a finite number"):
        Hyper(threshold=float("nan"))
