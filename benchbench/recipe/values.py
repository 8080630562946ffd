"""Plain nested values under dotted keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import Fault
from benchbench.recipe.document import Document, describe


def get(values: Any, key: str) -> Any:
    """The value at a dotted key; none where there is none."""
    for part in key.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set the value at a dotted key; mappings on the way are copied, so that their owners' copies do not change."""
    *parents, last = key.split(".")
    for parent in parents:
        inner = values.get(parent)
        values[parent] = dict(inner) if isinstance(inner, Mapping) else {}
        values = values[parent]
    values[last] = value


def drop(values: dict[str, Any], key: str) -> None:
    """Take the value at a dotted key away, likewise."""
    *parents, last = key.split(".")
    for parent in parents:
        values[parent] = dict(values[parent])
        values = values[parent]
    values.pop(last, None)


def merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Base with top laid over it, mapping by mapping; anything else is replaced as a whole."""
    merged = dict(base)
    for key, value in top.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def flat(values: object, prefix: str = "") -> dict[str, object]:
    """Dotted key -> value, of every value that is no mapping; an empty mapping is one."""
    if not isinstance(values, Mapping) or not values:
        return {prefix: values}
    below: dict[str, object] = {}
    for key, value in values.items():
        below |= flat(value, f"{prefix}.{key}" if prefix else str(key))
    return below


def overlay(base: Document, top: Document) -> Document:
    """Base with top laid over it; every value keeps the place where it was written last.

    What a value of `top` replaces as a whole has no place of its own any more.
    """
    origins = dict(base.origins)
    for key, place in top.origins.items():
        if not isinstance(get(top.values, key), Mapping):
            origins = {k: v for k, v in origins.items() if not k.startswith(f"{key}.")}
        origins[key] = place
    return Document(merge(base.values, top.values), origins)


def keys_below(value: Any, prefix: str) -> list[str]:
    """Dotted keys of everything below a value."""
    if not isinstance(value, Mapping):
        return []
    return [k for key, part in value.items() for k in (f"{prefix}.{key}", *keys_below(part, f"{prefix}.{key}"))]


def differences(mine: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted keys at which two mappings differ."""
    keys: list[str] = []
    for key in mine.keys() | other.keys():
        value, other_value = mine.get(key), other.get(key)
        if isinstance(value, Mapping) and isinstance(other_value, Mapping):
            keys += differences(value, other_value, f"{prefix}{key}.")
        elif value != other_value:
            keys.append(f"{prefix}{key}")
    return keys


def not_finite(values: Any, where: str = "") -> list[Fault]:
    """Numbers that are none, each a fault; they have no hash."""
    if isinstance(values, Mapping):
        return [f for key, value in values.items() for f in not_finite(value, f"{where}.{key}" if where else key)]
    if isinstance(values, list):
        return [f for i, value in enumerate(values) for f in not_finite(value, f"{where}.{i}")]
    if isinstance(values, float) and not math.isfinite(values):
        return [Fault(where, f"expected a finite number, got {describe(values)}")]
    return []
