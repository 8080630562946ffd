"""How large a model is at least, by its configuration alone: asked before anything of it is built. No torch here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import BenchError, Fault

MOST_BYTES = 1 << 43
"""8 TiB: a configuration that asks for more is a mistake on any machine."""
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
_INNER = ("intermediate_size", "n_inner", "ffn_dim", "d_ff")
_WIDTHS = ("hidden_size", "n_embd", "d_model")
MOST_LABELS = 1_000_000
"""Of a classifier; each gets a name when the configuration is read."""
_BYTES_PER_LAYER = 20_000
"""Of the objects of a layer, whatever its weights are."""


def least_parameters(config: Mapping[str, Any]) -> int:
    """Weights of a model at least: two matrices per layer, and the embeddings; 0 where it names no sizes.

    Args:
        config: as in config.json, or under `model.from_config`; what is no whole number counts as 0.
    """
    parts = [config, *(part for part in (config.get("text_config"),) if isinstance(part, Mapping))]
    return max(_parameters(part) for part in parts)


def _parameters(config: Mapping[str, Any]) -> int:
    layers, width = whole_number(config, _LAYERS), whole_number(config, _WIDTHS)
    return layers * width * (width + whole_number(config, _INNER)) + whole_number(config, ("vocab_size",)) * width


def size_faults(config: Mapping[str, Any]) -> list[Fault]:
    """Sizes that no model has: less than 1, no whole numbers, or labels without number, which would be listed.

    Args:
        config: as for `least_parameters`; a size that is missing or null is the default of its type of model.
    """
    faults: list[Fault] = []
    for name in (*_LAYERS, *_WIDTHS, *_HEADS, *_INNER, "vocab_size"):
        value = config.get(name)
        is_per_layer = name in (*_HEADS, *_INNER) and isinstance(value, list)
        if value is not None and not is_per_layer and not whole_number(config, (name,)):
            faults.append(Fault(name, f"expected a whole number above 0, found {repr(value)[:40]}"))
    labels = config.get("num_labels")
    if labels is not None and not (isinstance(labels, int) and 0 <= labels <= MOST_LABELS):
        faults.append(Fault("num_labels", f"expected at most {MOST_LABELS}, found {repr(labels)[:40]}"))
    return faults


def least_bytes(config: Mapping[str, Any], *, bytes_per_weight: int = 1) -> int:
    """Memory of a model at least.

    Args:
        config: as for `least_parameters`.
        bytes_per_weight: 4 in float32, 2 in bfloat16; 1 where it may be quantised.
    """
    return least_parameters(config) * bytes_per_weight + whole_number(config, _LAYERS) * _BYTES_PER_LAYER


def require_possible(
    config: Mapping[str, Any], where: str, *, most: int = MOST_BYTES, bytes_per_weight: int = 1
) -> None:
    """Return only if a model of this configuration may fit.

    Args:
        config: as for `least_parameters`.
        where: it stands, for the message.
        most: bytes that there are.
        bytes_per_weight: as for `least_bytes`.

    Raises:
        BenchError: both sizes.
    """
    needed = least_bytes(config, bytes_per_weight=bytes_per_weight)
    if needed > most:
        raise BenchError(
            f"{where}: expected a model of at most {gib(most)}, found one that needs {gib(needed)} or more "
            f"({', '.join(_named(config))}); make it smaller, or use a machine with more memory"
        )


def machine_bytes() -> int:
    """Memory of this machine; as much as any machine may have where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return MOST_BYTES


def gib(size: int) -> str:
    """A number of bytes in words."""
    return f"{size / 2**30:.3g} GiB"


def _named(config: Mapping[str, Any]) -> list[str]:
    names = (*_LAYERS, *_WIDTHS, *_INNER, "vocab_size")
    return [f"{name} {config[name]:.3g}" for name in names if whole_number(config, (name,))]


def whole_number(config: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """The first of these fields that is a whole number above 0."""
    values = (config.get(name) for name in names)
    return next((v for v in values if isinstance(v, int) and not isinstance(v, bool) and v > 0), 0)
