"""The optimizer of a training: which weights it changes, how much each decays, and at which share of the rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from benchbench.recipe.training import LoopSection
from benchbench.training.checkpoint import trainable

Rate = float | Callable[[], Tensor]
"""A share of the learning rate, or what gives that of the step at hand."""


def make_optimizer(
    model: nn.Module, settings: LoopSection, rates: Mapping[str, Rate] | None = None
) -> torch.optim.Optimizer:
    """AdamW; vectors (biases, normalisation weights) are not decayed, as in transformers.

    Args:
        model: what is trained.
        settings: of the loop.
        rates: as `Job.rates`; a group's share of the learning rate stands in it as `rate`.
    """
    shares: dict[str, Rate] = {"": 1.0, **(rates or {})}
    groups: dict[tuple[Rate, bool, bool], list[nn.Parameter]] = {}
    for name, parameter in trainable(model).items():
        share = shares[max((begin for begin in shares if name.startswith(begin)), key=len)]
        # one call of the fused kernel takes whole weights or parts of weights, not both
        groups.setdefault((share, parameter.ndim > 1, isinstance(parameter, DTensor)), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": group, "weight_decay": settings.weight_decay if decays else 0.0, "rate": share}
            for (share, decays, _), group in groups.items()
        ],
        lr=settings.learning_rate,
        betas=(settings.adam_beta1, settings.adam_beta2),
        eps=settings.adam_epsilon,
        fused=True,
    )
