"""Which engine draws, as far as a plan can tell: by the shape of the model that it will serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from benchbench.core.generation import Sampling
from benchbench.generation.choose import choose, installed_vllm
from benchbench.generation.shape import ModelShape, shape_of_folder, shape_of_values
from benchbench.plan.prepared import Prepared
from benchbench.recipe.load import Loaded

Engine = Literal["vllm", "transformers"]


def planned_shape(loaded: Loaded, prepared: Prepared) -> ModelShape:
    """The shape of the recipe's model, which all of its policies have."""
    model = loaded.recipe.model
    if prepared.model_path is not None:
        return shape_of_folder(Path(prepared.model_path), trust_remote_code=model.trust_remote_code)
    assert model.from_config is not None, "a model has weights or a configuration"
    return shape_of_values(model.from_config)


def rollout_engine(
    loaded: Loaded, prepared: Prepared, sampling: Sampling, device: Callable[[], str], *, mixes: bool
) -> Engine:
    """The engine of a recipe's rollouts, which is part of what is drawn, so that `auto` is settled here.

    Args:
        loaded: a recipe with a `generate` section, whose engine rollouts take.
        prepared: what it reads.
        sampling: of the rollout.
        device: gives `cpu`, `cuda` or `cuda:N`; called only where vLLM is installed.
        mixes: whether the sampler mixes models at every token, which only transformers can.
    """
    section = loaded.recipe.generate
    assert section is not None, "checked with the recipe"
    if section.engine != "auto":
        return section.engine
    if mixes or prepared.missing or installed_vllm() is None:
        return "transformers"
    return choose("auto", shapes=[planned_shape(loaded, prepared)], device=device(), sampling=[sampling]).engine
