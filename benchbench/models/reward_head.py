"""A scalar reward head on a language model's backbone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel

from benchbench.core.batch import CandidateBatch
from benchbench.models.load import with_adapter
from benchbench.models.loading import load_whole

HEAD_FILE = "reward_head.safetensors"
CONFIG_FILE = "reward_head.json"
ADAPTER = "adapter"
"""Folder of the adapters beside the backbone they stand on, where the recipe has any."""


class RewardModel(nn.Module):
    """Backbone, pooling, and one linear map to a number."""

    def __init__(self, backbone: Any, *, pooling: str, head_dtype: torch.dtype, initial_std: float = 0.02) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        hidden = backbone.config.hidden_size
        self.head = nn.Linear(hidden, 1, bias=False, dtype=head_dtype)
        nn.init.normal_(self.head.weight, std=initial_std)

    def forward(self, batch: CandidateBatch) -> Tensor:
        """[B, K] reward of each candidate, in float32."""
        examples, candidates, length = batch.tokens.shape
        rows = batch.tokens.reshape(-1, length)
        hidden = self.backbone(input_ids=rows, use_cache=False).last_hidden_state  # [B*K, T, H]
        pooled = self._pool(hidden, batch.attention.reshape(-1, length), batch.response.reshape(-1, length))
        return self.head(pooled.to(self.head.weight.dtype)).float().reshape(examples, candidates)

    def _pool(self, hidden: Tensor, attention: Tensor, response: Tensor) -> Tensor:
        """[B*K, H] the last real token's state, or the mean over response tokens."""
        if self.pooling == "last_token":
            last = attention.sum(dim=-1) - 1
            return hidden[torch.arange(len(hidden), device=hidden.device), last]
        weights = response.float()  # bfloat16 cannot count beyond 256
        return (hidden * weights.unsqueeze(-1)).sum(dim=1) / weights.sum(dim=-1, keepdim=True).clamp(min=1)

    def save_head(self, folder: Path) -> None:
        """Write the head and how it reads the backbone."""
        save_file({"weight": self.head.weight.detach().contiguous().cpu()}, folder / HEAD_FILE)
        config = {"pooling": self.pooling, "head_dtype": str(self.head.weight.dtype).removeprefix("torch.")}
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, backbone: Any, folder: Path) -> RewardModel:
        """The head of a folder on a backbone that was loaded already."""
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        with torch.random.fork_rng(devices=[]):  # the draws of a fresh head are thrown away
            model = cls(backbone, pooling=config["pooling"], head_dtype=getattr(torch, config["head_dtype"]))
        with torch.no_grad():
            model.head.weight.copy_(load_file(folder / HEAD_FILE)["weight"])
        return model


def load_reward_model(folder: Path, *, dtype: str, attn_implementation: str, trust_remote_code: bool) -> RewardModel:
    """The reward model that a stage left in its folder `model`: backbone, adapters where it has any, and head."""
    backbone = load_whole(
        AutoModel,
        folder,
        trust_remote_code=trust_remote_code,
        dtype=getattr(torch, dtype),
        attn_implementation=attn_implementation,
    )
    return RewardModel.load(with_adapter(backbone, folder / ADAPTER), folder)
