"""The identity of a recipe, by the one rule of `core.identity`, on plain values.

A recipe that is not whole, such as a setting without a method, has an identity, too, so the rule is applied to values
with the marks of the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchbench.core.identity import field_marks, is_left_out, section_of
from benchbench.recipe.memory import moving_keys
from benchbench.recipe.schema import ANNOTATIONS, REWARD_MODEL, SETTING_KEYS, Recipe
from benchbench.recipe.values import get, put


def identified(values: Mapping[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    """The part of resolved values that makes an identity: no run setting and no later field that changes nothing.

    Args:
        values: a recipe's, whole or in part.
        bound: dotted key -> what its free-form parts are bound to; the class says which fields joined later.
    """
    whole = dict(values)
    for key, part in bound.items():
        free = get(values, key)
        if isinstance(free, Mapping) and not isinstance(part, Mapping):
            put(whole, key, _pruned(type(part), free))
    identity = _pruned(Recipe, whole)
    for key in moving_keys(values):
        put(identity, key, get(values, key))
    return identity


def recipe_identity(values: Mapping[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that reaches a result, save the list of seeds."""
    identity = identified(values, bound)
    identity["seeds"] = {key: value for key, value in identity["seeds"].items() if key != "list"}
    return {key: value for key, value in identity.items() if key not in ANNOTATIONS}


def comparable_part(values: Mapping[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a recipe that a fair comparison holds fixed, by dotted key."""
    free = {"preference": None}  # its precision is the recipe's own
    if get(values, "method.name") == REWARD_MODEL:
        free["reward_model"] = None  # what such recipes differ in
    of_training = own_transforms(values)
    data = dict(get(values, "data") or {})
    data["transforms"] = [transform for transform in data.get("transforms") or [] if transform not in of_training]
    held = identified({**values, **free, "data": data}, bound)
    return {key: get(held, key) for key in ("setting", *SETTING_KEYS) if "." in key or key in held}


def own_transforms(values: Mapping[str, Any]) -> list[Any]:
    """The transforms that make a recipe's own training data: those of splits that nothing else reads.

    What a method trains on is its own, like the split that it names; what all rows share (the demonstrations, the pairs
    of the reward model, what is scored and what is answered) is held fixed.
    """
    shared = {get(values, f"{name}.split") for name in ("sft", "reward_model", "score", "generate")}
    transforms = [part for part in get(values, "data.transforms") or [] if isinstance(part, Mapping)]
    return [transform for transform in transforms if not shared & set(transform["splits"])]


def _pruned(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a section without its run settings, and without later fields that are as if they were not there."""
    marks = field_marks(kind)
    pruned: dict[str, Any] = {}
    for name, value in values.items():
        section = section_of(kind, name)
        inner = _pruned(section, value) if section is not None and isinstance(value, Mapping) else value
        if not is_left_out(inner, marks.get(name, ())):
            pruned[name] = inner
    return pruned
