"""Dropout of a model: which probabilities it has, and other ones in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

_LAYERS = "layer"
"""In the name of a probability that leaves out whole layers, which is no dropout of activations."""


def dropout_rates(model: nn.Module) -> tuple[float, ...]:
    """Every dropout probability of a model, in [0, 1]; those that modules keep as numbers, such as attention's, too."""
    return tuple(float(getattr(module, name)) for module, name in _places(model))


def set_dropout(model: nn.Module, rate: float) -> int:
    """Set every dropout probability of a model.

    Args:
        model: changed in place.
        rate: in [0, 1).

    Returns:
        Number of places that were set; 0 for a model that has no dropout at all.
    """
    places = [*_places(model)]
    for module, name in places:
        setattr(module, name, rate)
    return len(places)


def _places(model: nn.Module) -> Iterator[tuple[Any, str]]:
    """Each module with a probability, and the name under which it has it."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            yield module, "p"
        for name, value in vars(module).items():
            if "drop" in name and _LAYERS not in name and isinstance(value, float):
                yield module, name
