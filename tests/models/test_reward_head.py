"""The reward head: what it reads of the backbone, and that it comes back."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from benchbench.core.batch import CandidateBatch
from benchbench.models.load import seeded
from benchbench.models.reward_head import RewardModel

from .toys import batch, padded, tiny


class Echo(nn.Module):
    """A backbone whose hidden state of a token is (token id, position)."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.config = SimpleNamespace(hidden_size=2)

    def forward(self, input_ids, use_cache):
        places = torch.arange(input_ids.shape[1]).expand_as(input_ids)
        return SimpleNamespace(last_hidden_state=torch.stack([input_ids, places], dim=-1).to(self.dtype))


def reading(pooling: str, *, weight=(1.0, 100.0), backbone=None) -> RewardModel:
    """A reward of 1 per unit of token id and 100 per place."""
    model = RewardModel(backbone or Echo(), pooling=pooling, head_dtype=torch.float32)
    with torch.no_grad():
        model.head.weight.copy_(torch.tensor([weight]))
    return model


def rows() -> CandidateBatch:
    """One example: tokens 3 4 5 6 with response 5 6; tokens 7 8 9 with response 8 9, then padding."""
    tokens = torch.tensor([[[3, 4, 5, 6], [7, 8, 9, 0]]])
    attention = torch.tensor([[[1, 1, 1, 1], [1, 1, 1, 0]]]).bool()
    response = torch.tensor([[[0, 0, 1, 1], [0, 1, 1, 0]]]).bool()
    return CandidateBatch(("e",), tokens, attention, response)


def test_the_last_token_is_the_last_real_one():
    """Token 6 at place 3 gives 306; token 9 at place 2 gives 209, not the padding after it."""
    assert reading("last_token")(rows()).tolist() == [[306.0, 209.0]]


def test_the_mean_is_over_response_tokens():
    """(5 + 6)/2 at places (2 + 3)/2 gives 255.5; (8 + 9)/2 at (1 + 2)/2 gives 158.5."""
    assert reading("mean")(rows()).tolist() == [[255.5, 158.5]]


@pytest.mark.parametrize("pooling", ["last_token", "mean"])
def test_padding_changes_nothing(pooling):
    assert torch.equal(reading(pooling)(padded(rows(), 5)), reading(pooling)(rows()))


def test_the_mean_of_a_long_response_is_exact_in_bfloat16():
    """257 tokens of id 3: bfloat16 knows neither 771 nor 257, and 772 / 256 would give 3.016."""
    tokens = torch.full((1, 1, 258), 3)
    response = torch.ones_like(tokens, dtype=torch.bool)
    response[..., 0] = False
    given = CandidateBatch(("e",), tokens, torch.ones_like(response), response)
    assert reading("mean", weight=(1.0, 0.0), backbone=Echo(torch.bfloat16))(given).item() == 3.0


def test_rewards_are_float32_whatever_the_head(tmp_path):
    for dtype in (torch.float32, torch.bfloat16):
        model = RewardModel(tiny().base_model, pooling="mean", head_dtype=dtype)
        assert model(batch()).dtype == torch.float32 and model.head.weight.dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("pooling", ["last_token", "mean"])
def test_a_saved_head_comes_back_bit_by_bit(tmp_path, pooling, dtype):
    with seeded(5, "head"):
        model = RewardModel(tiny().base_model, pooling=pooling, head_dtype=dtype, initial_std=0.3)
    model.save_head(tmp_path)
    before = torch.get_rng_state()
    again = RewardModel.load(tiny().base_model, tmp_path)
    assert torch.equal(torch.get_rng_state(), before), "loading draws nothing"
    assert again.pooling == pooling and again.head.weight.dtype == dtype
    assert torch.equal(again.head.weight, model.head.weight)
    with torch.no_grad():
        assert torch.equal(again(batch()), model(batch()))
    written = json.loads((tmp_path / "reward_head.json").read_text())
    assert written == {"pooling": pooling, "head_dtype": str(dtype).removeprefix("torch.")}


def test_the_head_is_drawn_from_the_stream_it_is_given():
    heads = []
    for seed in (1, 1, 2):
        with seeded(seed, "reward head initialisation"):
            heads.append(RewardModel(Echo(), pooling="mean", head_dtype=torch.float32, initial_std=1.0).head.weight)
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])


def test_gradients_reach_head_and_backbone():
    model = RewardModel(tiny().base_model, pooling="mean", head_dtype=torch.float32)
    model(batch()).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in (model.head.weight, *model.backbone.parameters()))
