"""The reward model: a scalar head on the backbone, trained on pairs."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from benchbench.data.tokenizer import save_tokenizer
from benchbench.models import load, reward_head
from benchbench.models.logps import unwrap
from benchbench.models.reward_head import ADAPTER, RewardModel
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.fit import fit
from benchbench.training.collate import collate
from benchbench.training.objective import RewardObjective


def run(context: StageContext) -> Result:
    """Train a reward model on the chosen and rejected responses; leaves model/ and the head."""
    settings = context.settings
    training = settings["training"]
    tokenizer = context.tokenizer()
    backbone = _backbone(context, tokenizer)
    std = getattr(backbone.config, "initializer_range", 0.02)
    with load.seeded(settings["seed"], "reward head initialisation"):
        head_dtype = getattr(torch, training["head_dtype"])
        model = RewardModel(backbone, pooling=training["pooling"], head_dtype=head_dtype, initial_std=std)
    tokenized = context.tokenized(tokenizer, on_empty="drop")
    check_context(tokenized.examples, backbone, context.spec.title)
    objective = RewardObjective(model, training["center_rewards_coefficient"])
    make_batch = partial(collate, pad=tokenizer.pad_token_id, device=context.device)
    outcome = fit(context, model, objective, tokenized, make_batch)
    save(model, tokenizer, context)
    return outcome


def _backbone(context: StageContext, tokenizer: Any) -> Any:
    """The language model without its head: the SFT policy's (adapters merged) or the base's, then fresh adapters."""
    settings = context.settings
    if "policy" in context.spec.inputs:
        policy = load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=False)
        if hasattr(policy, "merge_and_unload"):
            policy = policy.merge_and_unload()
    else:
        policy = load.build_base(context.model_spec(), tokenizer, seed=settings["seed"])
    backbone = unwrap(policy).base_model
    if settings["lora"] is not None:
        return load.add_lora(backbone, settings["lora"], seed=settings["seed"], task="FEATURE_EXTRACTION")
    return backbone.requires_grad_(True)


def save(model: RewardModel, tokenizer: Any, context: StageContext) -> None:
    """Whole backbone as it was before adapters, the adapters, and the head.

    Adapters are not merged: a sum rounded to bfloat16 gives other rewards than adapters applied in float32 do.
    """
    folder = context.folder / "model"
    backbone = model.backbone
    if hasattr(backbone, "unload"):
        backbone.save_pretrained(folder / ADAPTER, safe_serialization=True)
        backbone = backbone.unload()
    backbone.save_pretrained(folder, safe_serialization=True)
    save_tokenizer(tokenizer, folder)
    model.save_head(folder)


def load_reward_model(context: StageContext, name: str) -> RewardModel:
    """The finished reward model of an input stage."""
    settings = context.settings["model"]
    return reward_head.load_reward_model(
        context.input(name) / "model",
        dtype=settings["dtype"],
        attn_implementation=settings["attn_implementation"],
        trust_remote_code=settings["trust_remote_code"],
    )
