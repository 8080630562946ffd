"""Which rows of a comparison are points of one curve: recipes of one method that differ in their hyper-parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from os.path import commonprefix
from typing import Any

from benchbench.core.hashing import fingerprint
from benchbench.recipe.identity import recipe_identity
from benchbench.recipe.load import Loaded

SWEPT = {"method": ("hyper", "variant"), "preference": ("learning_rate",)}
"""Section -> keys in which recipes of one curve may differ; all else is equal: data, updates, draws."""
_NAMING = ("name", "label")


def families(loaded: Sequence[Loaded]) -> dict[str, list[str]]:
    """Name of a curve -> the labels on it, in the order of the recipes; a row that is alone has a curve of its own."""
    members: dict[str, list[Loaded]] = {}
    for item in loaded:
        members.setdefault(_family(item), []).append(item)
    curves: dict[str, list[str]] = {}
    for items in members.values():
        labels = [item.label for item in items]
        name, others = items[0].grid or curve_name(labels), {item.label for item in loaded} - {*labels}
        curves[f"{labels[0]} and {len(labels) - 1} more" if name in {*others, *curves} else name] = labels
    return curves


def curve_name(labels: Sequence[str]) -> str:
    """What the labels of a curve have in common, up to a whole word: `dpo@b` of `dpo@b_01` and `dpo@b_1`."""
    if len(labels) == 1:
        return labels[0]
    words = [re.findall(r"[@_]?[^@_]+", label) for label in labels]
    return "".join(commonprefix(words)) or labels[0]


def _family(item: Loaded) -> str:
    if item.grid:
        return item.grid
    values: dict[str, Any] = dict(recipe_identity(item.values(), item.bound))
    for section, keys in SWEPT.items():
        if values.get(section) is not None:
            values[section] = {name: value for name, value in values[section].items() if name not in keys}
    return fingerprint({name: value for name, value in values.items() if name not in _NAMING})
