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
from benchbench.models.layout import layout_of, packed_states, use_packed_rows
from benchbench.models.load import with_adapter
from benchbench.models.loading import load_whole
from benchbench.models.logps import unwrap
from benchbench.models.packing import pack

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
        plain = unwrap(self.backbone)
        pooled = self._pool_packed(plain, batch) if layout_of(plain).packed else self._pool_padded(batch)
        return self.head(pooled.to(self.head.weight.dtype)).float().reshape(batch.tokens.shape[:2])

    def _pool_packed(self, backbone: Any, batch: CandidateBatch) -> Tensor:
        """[B*K, H] as `_pool_padded`, from packed rows."""
        packed = batch.packed
        if packed is None or not packed.whole:
            packed = pack(batch.tokens, batch.attention, batch.response, whole=True)
        hidden = packed_states(backbone, packed)  # [N, H]
        places = packed.places.flatten(0, 1)  # [B*K, T]
        if self.pooling == "last_token":
            last = batch.attention.flatten(0, 1).sum(dim=-1) - 1
            return hidden[places.gather(1, last[:, None]).squeeze(1)]
        response = batch.response.flatten(0, 1)
        # as a product, since the number of response tokens is not known on a card; a shared token counts for each row
        exact = torch.promote_types(hidden.dtype, torch.float32)  # bfloat16 cannot count beyond 256
        weights = torch.zeros(len(places), len(hidden) + 1, dtype=exact, device=hidden.device)
        weights = weights.scatter(1, places.where(response, len(hidden)), 1.0)[:, :-1]  # [B*K, N]
        with torch.autocast(hidden.device.type, enabled=False):
            sums = weights @ hidden.to(exact)
        return sums / response.sum(dim=-1, keepdim=True).clamp(min=1)

    def _pool_padded(self, batch: CandidateBatch) -> Tensor:
        """[B*K, H] the last real token's state, or the mean over response tokens."""
        hidden = self.backbone(input_ids=batch.tokens.flatten(0, 1), use_cache=False).last_hidden_state  # [B*K, T, H]
        if self.pooling == "last_token":
            last = batch.attention.flatten(0, 1).sum(dim=-1) - 1
            return hidden[torch.arange(len(hidden), device=hidden.device), last]
        weights = batch.response.flatten(0, 1).float()  # bfloat16 cannot count beyond 256
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
    use_packed_rows(backbone)
    return RewardModel.load(with_adapter(backbone, folder / ADAPTER), folder)
