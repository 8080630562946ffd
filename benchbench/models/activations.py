"""Mean activations of a model's layers at the positions that predict response tokens, whatever the architecture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from benchbench.core.batch import CandidateBatch
from benchbench.models.logps import policy_layout, response_states, unwrap
from benchbench.models.packing import pack


def decoder_layers(model: nn.Module) -> nn.ModuleList | None:
    """The first list of modules that is as long as the configuration says the model has layers; none without one."""
    count = getattr(model.config, "num_hidden_layers", None)
    lists = (module for module in model.modules() if isinstance(module, nn.ModuleList))
    return next((layers for layers in lists if len(layers) == count), None)


def layer_activations(model: Any, batch: CandidateBatch, dtype: torch.dtype) -> dict[str, Tensor]:
    """`layer 1` and on -> [B, K, T] mean over its width of what the layer gives where it predicts a response token.

    Zero off the response; without gradient. What a layer gives is the residual stream behind it: the last one's is
    taken before the final normalisation, whose mean over the width is the same for every token where its gains are.

    Args:
        model: a causal language model of transformers, with or without adapters.
        batch: the rows.
        dtype: precision of the mean.

    Raises:
        ValueError: a model whose decoder layers stand in no list.
    """
    layers = decoder_layers(unwrap(model))
    if layers is None:
        raise ValueError(f"expected a model with its decoder layers in a list, found {type(unwrap(model)).__name__}")
    means: list[Tensor] = []

    def keep(layer: nn.Module, inputs: Any, output: Any) -> None:
        states = output[0] if isinstance(output, tuple) else output
        means.append(states.mean(dim=-1, dtype=dtype).flatten())

    packed = batch.packed or pack(batch.tokens, batch.attention, batch.response)
    predicting = packed.sources if policy_layout(model).packed else packed.slots - 1  # the probes run before the hooks
    hooks = [layer.register_forward_hook(keep) for layer in layers]
    try:
        with torch.no_grad():
            states = response_states(model, replace(batch, packed=packed))
    finally:
        for hook in hooks:
            hook.remove()
    return {f"layer {number}": states.placed(mean[predicting]) for number, mean in enumerate(means, start=1)}
