"""The reward model: a scalar head on the backbone, trained on pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from benchbench.data.tokenizer import save_tokenizer
from benchbench.models import load, reward_head
from benchbench.models.logps import unwrap
from benchbench.models.reward_head import ADAPTER, RewardModel
from benchbench.models.saving import save_and_read_back, save_whole
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.fit import fit, reward_batches
from benchbench.stages.reward_model.settings import RewardModelSettings
from benchbench.stages.saved import FOLDER, READ_BACK_EXAMPLES, with_read_back
from benchbench.stages.settings import initial_seed
from benchbench.training.objective import RewardObjective


def run(context: StageContext[RewardModelSettings]) -> Result:
    """Train a reward model on the chosen and rejected responses; leaves model/ and the head."""
    settings = context.settings
    training = settings.training
    tokenizer = context.tokenizer()
    backbone = _backbone(context, tokenizer)
    std = getattr(backbone.config, "initializer_range", 0.02)
    with load.seeded(initial_seed(settings), "reward head initialisation"):
        head_dtype = getattr(torch, training.head_dtype)
        model = RewardModel(backbone, pooling=training.pooling, head_dtype=head_dtype, initial_std=std)
    tokenized = context.tokenized(tokenizer, on_empty="drop")
    check_context(tokenized.examples, backbone, context.spec.title)
    objective = RewardObjective(model, training.center_rewards_coefficient)
    make_batch = reward_batches(context, tokenizer, backbone)
    outcome = fit(context, model, objective, tokenized, make_batch)
    folder = context.folder / FOLDER

    def rewards(reward_model: RewardModel) -> torch.Tensor:
        return torch.cat(
            [reward_model(make_batch([example])).flatten() for example in tokenized.examples[:READ_BACK_EXAMPLES]]
        )

    difference = save_and_read_back(
        model,
        save=lambda: save(model, tokenizer, folder),
        load=lambda: _read(context, folder).to(context.device),
        score=rewards,
        where=folder,
    )
    return with_read_back(outcome, tokenized.examples, difference)


def _backbone(context: StageContext[RewardModelSettings], tokenizer: Any) -> Any:
    """The language model without its head: the SFT policy's (adapters merged) or the base's, then fresh adapters."""
    settings = context.settings
    if "policy" in context.spec.inputs:
        policy = load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=False)
        if hasattr(policy, "merge_and_unload"):
            policy = policy.merge_and_unload()
    else:
        policy = load.build_base(context.model_spec(), tokenizer, seed=initial_seed(settings))
    backbone = unwrap(policy).base_model
    if settings.lora is not None:
        lora = settings.lora.model_dump()
        return load.add_lora(backbone, lora, seed=initial_seed(settings), task="FEATURE_EXTRACTION")
    return backbone.requires_grad_(True)


def save(model: RewardModel, tokenizer: Any, folder: Path) -> None:
    """Whole backbone as it was before adapters, the adapters, and the head.

    Adapters are not merged: a sum rounded to bfloat16 gives other rewards than adapters applied in float32 do.
    """
    backbone = model.backbone
    if hasattr(backbone, "unload"):
        backbone.save_pretrained(folder / ADAPTER, safe_serialization=True)
        backbone = backbone.unload()
    save_whole(backbone, folder)
    save_tokenizer(tokenizer, folder)
    model.save_head(folder)


def load_reward_model(context: StageContext[Any], name: str) -> RewardModel:
    """The finished reward model of an input stage."""
    return _read(context, context.input(name) / FOLDER)


def _read(context: StageContext[Any], folder: Path) -> RewardModel:
    model = context.reading.model
    return reward_head.load_reward_model(
        folder,
        dtype=model.dtype,
        attn_implementation=model.attn_implementation,
        trust_remote_code=model.trust_remote_code,
    )
