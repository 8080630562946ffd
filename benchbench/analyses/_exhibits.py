"""Everything that a published system may be made of: the exhibits of all rooms and the shipped recipes, by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from benchbench.recipe import library
from benchbench.recipe.reward_rounds import DrawnPairsSection, PseudoLabelSection

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
RECIPES = "recipes"
"""Where an id METHOD@VARIANT is looked for: among the recipes that ship, of any setting."""
LAYOUTS = {"prefix_sharing": "benchbench.models.packing.pack"}
"""Way in which every model is given its rows, where it takes them so -> the function that lays them out."""
PARTS = {"sampler": "samplers", "oracle": "oracles", "selector": "selectors", "shaping": "shaping"}
"""Part of a recipe's section `rounds` or `online` -> its room."""


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe that ships, such as `dpo@iterative`."""

    name: str
    """METHOD@VARIANT, as commands name it; METHOD@default is the recipe of the method's name alone."""
    parts: tuple[Any, ...]
    """What it names: its method or its reward model's objective, the exhibits that draw, label, choose and shape, and
    the same of the recipe that it starts from."""
    open_question: str = ""
    """What of the procedure could not be verified, a sentence."""


@cache
def exhibits() -> Mapping[str, Mapping[str, Any]]:
    """Name -> room -> the exhibit of that name, over all rooms, and the layouts and recipes that ship."""
    holding: dict[str, dict[str, Any]] = {}
    for room in ROOMS:
        module = importlib.import_module(f"benchbench.{room}")
        for name in module.names():
            holding.setdefault(name, {})[room] = module.get(name)
    for name, function in LAYOUTS.items():
        holding.setdefault(name, {})["layouts"] = function
    for name, recipe in shipped_recipes().items():
        holding.setdefault(name, {})[RECIPES] = recipe
    return holding


def shipped_recipes() -> dict[str, ShippedRecipe]:
    """METHOD@VARIANT -> the shipped recipe, or all of that name in several settings as one."""
    recipes: dict[str, ShippedRecipe] = {}
    starts: dict[str, str] = {}
    root = library.shipped_root().resolve()
    for entry in library.entries():
        method, variant = entry.method
        if entry.is_setting or not entry.path.resolve().is_relative_to(root):
            continue
        name = f"{method}@{variant}"
        before = recipes[name] if name in recipes else ShippedRecipe(name, ())
        question = before.open_question or str(entry.values.get("open_question") or "")
        recipes[name] = ShippedRecipe(name, (*before.parts, *_parts(method, entry.values)), question)
        if start := (entry.values.get("preference") or {}).get("init_from"):
            starts[name] = start if "@" in start else f"{start}@default"
    return {name: _with_start(recipe, recipes, starts) for name, recipe in recipes.items()}


def _with_start(
    recipe: ShippedRecipe, recipes: Mapping[str, ShippedRecipe], starts: Mapping[str, str]
) -> ShippedRecipe:
    """A recipe with the parts of those whose policy it starts from in the end."""
    parts, name = recipe.parts, recipe.name
    while (name := starts.get(name, "")) in recipes:
        parts = (*parts, *recipes[name].parts)
    return replace(recipe, parts=parts)


def _parts(method: str, values: Mapping[str, Any]) -> list[Any]:
    """The exhibits that a recipe names."""
    methods, objectives = (importlib.import_module(f"benchbench.{room}") for room in ("methods", "reward_objectives"))
    parts = [methods.get(method)] if method in methods.names() else []
    rewards = values.get("reward_model") or {}
    objective = (rewards.get("objective") or {}).get("name")
    parts += [objectives.get(objective)] if objective else []
    parts += [PseudoLabelSection] if rewards.get("pseudo_labels") else []
    drawn = rewards.get("drawn") or {}
    parts += [DrawnPairsSection] if drawn else []
    for section in (values.get("rounds") or {}, values.get("online") or {}, drawn):
        for part, room in PARTS.items():
            if name := (section.get(part) or {}).get("name"):
                parts.append(importlib.import_module(f"benchbench.{room}").get(name))
    return parts
