"""Everything that a published system may be made of: the exhibits of all rooms, by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

ROOMS = (
    "methods",
    "transforms",
    "reward_objectives",
    "sources",
    "metrics",
    "judges",
    "analyses",
    "shaping",
    "samplers",
    "oracles",
    "selectors",
)
"""Rooms whose exhibits a system may be made of."""


@cache
def exhibits() -> Mapping[str, Mapping[str, Any]]:
    """Name -> room -> the exhibit of that name, over all rooms."""
    holding: dict[str, dict[str, Any]] = {}
    for room in ROOMS:
        module = importlib.import_module(f"benchbench.{room}")
        for name in module.names():
            holding.setdefault(name, {})[room] = module.get(name)
    return holding
