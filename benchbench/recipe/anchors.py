"""A reference in memory: which stage leaves its weights, and when they cannot be had. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import Fault

ANCHOR_POLICY = "anchor_policy"
"""Name of the preference stage's input that leaves the weights of a reference in memory."""


def anchor_input(recipe: Any, sft: str | None) -> Mapping[str, str]:
    """The input of a reference in memory; none where it is the base model, which every stage can load.

    Args:
        recipe: with a preference section.
        sft: key of the stage that leaves the SFT policy.
    """
    return {ANCHOR_POLICY: sft} if recipe.preference.reference == "sft" and sft is not None else {}


def anchor_faults(recipe: Any, method: str) -> list[Fault]:
    """A reference whose weights the preference stage cannot have.

    Args:
        recipe: with or without a preference section.
        method: name of who reads the reference, for the message.
    """
    if recipe.preference is None:
        return []
    reference = recipe.preference.reference
    if reference == "sft" and recipe.sft is None:
        return [Fault("preference.reference", "expected base, since the recipe has no sft stage, got sft")]
    if reference == "base" and recipe.sft is not None and recipe.model.from_config is not None:
        drawn = "the weights of model.from_config are drawn anew in every stage and are not kept"
        return [Fault("preference.reference", f"expected sft: '{method}' has its reference in memory, and {drawn}")]
    return []
