"""A reward head on a language model's backbone: one linear map to a number, or what the objective declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel

from benchbench import reward_objectives
from benchbench.core.batch import CandidateBatch
from benchbench.core.identity import plain
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.data.json_files import object_in
from benchbench.models.layout import layout_of, packed_states, use_packed_rows
from benchbench.models.load import with_adapter
from benchbench.models.loading import load_whole
from benchbench.models.logps import unwrap
from benchbench.models.packing import pack
from benchbench.models.reward_outputs import OutputHead
from benchbench.recipe.binding import bind
from benchbench.store.files import write_text, written

HEAD_FILE = "reward_head.safetensors"
CONFIG_FILE = "reward_head.json"
ADAPTER = "adapter"
"""Folder of the adapters beside the backbone they stand on, where the recipe has any."""


PLAIN = "bradley_terry"
"""The objective whose head is one linear map to a number; a folder that names none is of it."""


class RewardModel(nn.Module):
    """Backbone, pooling, and the head of an objective."""

    def __init__(
        self,
        backbone: Any,
        *,
        pooling: str,
        head_dtype: torch.dtype,
        initial_std: float = 0.02,
        objective: RewardObjective | None = None,
        hyper: Any = None,
    ) -> None:
        """Draw a fresh head.

        Args:
            backbone: language model without its own head.
            pooling: `last_token` or `mean`.
            head_dtype: precision of the head's weights.
            initial_std: standard deviation of its initial weights.
            objective: what it is trained with; Bradley-Terry if not given.
            hyper: the objective's hyper-parameters; its defaults if not given.
        """
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.head_dtype = head_dtype
        self.objective = objective or reward_objectives.get(PLAIN)
        self.hyper = self.objective.hyper() if hyper is None else hyper
        self.spec = self.objective.head(self.hyper)
        hidden = backbone.config.hidden_size
        if self.spec.is_scalar:
            self.head: nn.Linear | OutputHead = nn.Linear(hidden, 1, bias=False, dtype=head_dtype)
            nn.init.normal_(self.head.weight, std=initial_std)
        else:
            self.head = OutputHead(self.spec, hidden, dtype=head_dtype, initial_std=initial_std)

    @property
    def score_columns(self) -> tuple[str, ...]:
        """Columns that a batch must carry to be rewarded."""
        return tuple(column.name for column in self.objective.scored_columns(self.hyper))

    def forward(self, batch: CandidateBatch) -> Tensor:
        """[B, K] reward of each candidate, in float32."""
        scores = self.scores(batch)
        with torch.autocast(batch.tokens.device.type, enabled=False):
            return self.objective.score(scores, self.hyper).float()

    def scores(self, batch: CandidateBatch) -> RewardScores:
        """What the head gives for a batch, in float32, and the batch's columns."""
        shape, head = batch.tokens.shape[:2], self.head
        carried = {column.name for column in self.objective.carried_columns(self.hyper)}
        columns = {name: column for name, column in batch.columns.items() if name in carried}
        if isinstance(head, nn.Linear):
            pooled, _ = self._pooled(batch)
            outputs = head(pooled.to(head.weight.dtype)).float().reshape(*shape, 1)
            return RewardScores(outputs, _column=columns)
        tables = head.values()
        if not self.spec.reads_backbone:
            return RewardScores(_tables=tables, _column=columns)
        pooled, prompt = self._pooled(batch, with_prompt=head.prompt is not None)
        pooled = pooled.to(self.head_dtype)
        outputs = None if head.response is None else head.response(pooled).float().unflatten(0, shape)
        of_prompt = None
        if head.prompt is not None:
            assert prompt is not None
            # candidates share the prompt; where a cut on the left left them different parts of it, none is preferred
            of_prompt = head.prompt(prompt.unflatten(0, shape).mean(dim=1).to(self.head_dtype)).float()
        states = pooled.float().unflatten(0, shape) if self.spec.states else None
        return RewardScores(outputs, of_prompt, states, tables, columns)

    def states(self, batch: CandidateBatch) -> Tensor:
        """[B, K, H] state of each response that the head reads, in float32; `bench export states` writes it."""
        pooled, _ = self._pooled(batch)
        return pooled.float().unflatten(0, batch.tokens.shape[:2])

    def _pooled(self, batch: CandidateBatch, *, with_prompt: bool = False) -> tuple[Tensor, Tensor | None]:
        """[B*K, H] pooled state of each response, and the state of the prompt's last token where it is asked for."""
        plain_backbone = unwrap(self.backbone)
        if layout_of(plain_backbone).packed:
            return self._pool_packed(plain_backbone, batch, with_prompt)
        return self._pool_padded(batch, with_prompt)

    def _pool_packed(self, backbone: Any, batch: CandidateBatch, with_prompt: bool) -> tuple[Tensor, Tensor | None]:
        """[B*K, H] as `_pool_padded`, from packed rows."""
        packed = batch.packed
        if packed is None or not packed.whole:
            packed = pack(batch.tokens, batch.attention, batch.response, whole=True)
        hidden = packed_states(backbone, packed)  # [N, H]
        places = packed.places.flatten(0, 1)  # [B*K, T]
        prompt = hidden[places.gather(1, _prompt_ends(batch)[:, None]).squeeze(1)] if with_prompt else None
        if self.pooling == "last_token":
            last = batch.attention.flatten(0, 1).sum(dim=-1) - 1
            return hidden[places.gather(1, last[:, None]).squeeze(1)], prompt
        response = batch.response.flatten(0, 1)
        # as a product, since the number of response tokens is not known on a card; a shared token counts for each row
        exact = torch.promote_types(hidden.dtype, torch.float32)  # bfloat16 cannot count beyond 256
        weights = torch.zeros(len(places), len(hidden) + 1, dtype=exact, device=hidden.device)
        weights = weights.scatter(1, places.where(response, len(hidden)), 1.0)[:, :-1]  # [B*K, N]
        with torch.autocast(hidden.device.type, enabled=False):
            sums = weights @ hidden.to(exact)
        return sums / response.sum(dim=-1, keepdim=True).clamp(min=1), prompt

    def _pool_padded(self, batch: CandidateBatch, with_prompt: bool) -> tuple[Tensor, Tensor | None]:
        """[B*K, H] the last real token's state, or the mean over response tokens."""
        hidden = self.backbone(input_ids=batch.tokens.flatten(0, 1), use_cache=False).last_hidden_state  # [B*K, T, H]
        rows = torch.arange(len(hidden), device=hidden.device)
        prompt = hidden[rows, _prompt_ends(batch)] if with_prompt else None
        if self.pooling == "last_token":
            last = batch.attention.flatten(0, 1).sum(dim=-1) - 1
            return hidden[rows, last], prompt
        weights = batch.response.flatten(0, 1).float()  # bfloat16 cannot count beyond 256
        pooled = (hidden * weights.unsqueeze(-1)).sum(dim=1) / weights.sum(dim=-1, keepdim=True).clamp(min=1)
        return pooled, prompt

    def save_head(self, folder: Path) -> None:
        """Write the head, how it reads the backbone, and the objective where it is not the plain one."""
        weights = {name: w.detach().contiguous().cpu() for name, w in self.head.state_dict().items()}
        with written(folder / HEAD_FILE) as draft:
            save_file(weights, draft)
        config = {"pooling": self.pooling, "head_dtype": str(self.head_dtype).removeprefix("torch.")}
        if self.objective.name != PLAIN:
            config |= {"objective": {"name": self.objective.name, "hyper": plain(self.hyper)}}
        write_text(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")

    @classmethod
    def load(cls, backbone: Any, folder: Path) -> RewardModel:
        """The head of a folder on a backbone that was loaded already."""
        config = object_in(folder / CONFIG_FILE)
        named = config.get("objective", {"name": PLAIN, "hyper": {}})
        objective = reward_objectives.get(named["name"])
        hyper, faults = bind(objective.hyper, named["hyper"], where=f"{folder / CONFIG_FILE}: objective.hyper")
        assert not faults, faults
        dtype = getattr(torch, config["head_dtype"])
        with torch.random.fork_rng(devices=[]):  # the draws of a fresh head are thrown away
            model = cls(backbone, pooling=config["pooling"], head_dtype=dtype, objective=objective, hyper=hyper)
        model.head.load_state_dict(load_file(folder / HEAD_FILE))
        return model


def _prompt_ends(batch: CandidateBatch) -> Tensor:
    """[B*K] place of the token before each response; the first token where there is no response."""
    return (batch.response.flatten(0, 1).int().argmax(dim=-1) - 1).clamp(min=0)


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
