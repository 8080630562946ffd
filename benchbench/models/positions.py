"""Rotary positions that depend on the rows beside a row, which no number of a benchmark may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchbench.core.errors import BenchError


def require_fixed_positions(config: Any, where: str) -> None:
    """Refuse a model whose angles follow from the longest row of a batch, whatever its length.

    Args:
        config: of the model.
        where: its folder or type, for the message.

    Raises:
        BenchError: its `rope_type` is `dynamic`.
    """
    if any(rope.get("rope_type", rope.get("type")) == "dynamic" for rope in _ropes(config)):
        raise BenchError(
            f"{where}: rope_type: expected positions that depend on a row alone (default, linear, yarn, llama3), found "
            "dynamic, whose angles follow from the longest row of a batch, so that a row's numbers would depend on its "
            "neighbours; set another rope_type in the model's configuration"
        )


def longest_fixed_row(config: Any) -> int | None:
    """Tokens up to which `longrope` has one set of angles; a batch with any longer row takes the other for all.

    None where there is no such length.
    """
    lengths = [
        rope.get("original_max_position_embeddings", getattr(config, "original_max_position_embeddings", None))
        for rope in _ropes(config)
        if rope.get("rope_type", rope.get("type")) == "longrope"
    ]
    return min((length for length in lengths if length), default=None)


def _ropes(config: Any) -> Iterator[Mapping[str, Any]]:
    """The rotary settings of a configuration: one, or one for each kind of layer."""
    values = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None)
    if isinstance(values, Mapping):
        yield values
        yield from (value for value in values.values() if isinstance(value, Mapping))
