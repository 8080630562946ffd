"""Frozen policies in memory, for what cannot be cached: whole distributions, and texts that change with the steps."""

from __future__ import annotations

from typing import Any

from benchbench.models import load
from benchbench.stages.context import StageContext


def frozen_policy(context: StageContext[Any], name: str) -> Any:
    """The policy of an input, or the base model where the stage has no such input; no gradient, no dropout.

    Args:
        context: of the stage.
        name: of the input.
    """
    if name in context.spec.inputs:
        model = load.load_trained(context.input(name) / "model", context.model_spec(), trainable=False)
    else:
        model = load.build_base(context.model_spec(), context.tokenizer(), seed=context.settings.seed)
    model = model.to(context.device).eval()
    load.disable_dropout(model)
    return model.requires_grad_(False)
