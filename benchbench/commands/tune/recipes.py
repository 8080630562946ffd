"""Recipes of what was chosen: the recipe that was tuned, with the chosen values and what they were chosen from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench import methods
from benchbench.commands.tune.rule import RULE, RULE_TEXT, Tuned
from benchbench.commands.tune.run import MethodGrid, TunedGrids
from benchbench.core.errors import BenchError, Fault
from benchbench.core.method import plain_name
from benchbench.recipe import library
from benchbench.recipe.document import read_document
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override, parse_overrides
from benchbench.recipe.values import differences, drop, merge, put
from benchbench.recipe.writing import recipe_text, short
from benchbench.store.files import write_text

NOT_TUNED = "not tuned yet"
"""What the description of a recipe says whose values were not chosen."""
_UNTUNED = "untuned"
_TUNING = re.compile(rf"; ({NOT_TUNED}|tuned over|learning rate ).*", flags=re.DOTALL)
"""The part of a description that says how a recipe was tuned."""
_ABOUT = ("description", "untuned")


def recipe_path(folder: Path, loaded: Loaded) -> Path:
    """Where the recipe of a method is written: over the recipe that was tuned where that is in the folder."""
    inside = loaded.has_file and loaded.path.resolve().parent == folder.resolve()
    return loaded.path if inside else folder / f"{loaded.recipe.name}.yaml"


def refuse_other_recipes(folder: Path, grids: Sequence[MethodGrid]) -> None:
    """Refuse to write over recipes that differ in anything but what is tuned, before anything is trained.

    Raises:
        BenchError: every file that would lose something, and what; a folder that is called like a file, or is one.
    """
    if folder.is_file() or folder.suffix in (".yaml", ".yml"):
        way_out = f"a recipe is called after its method and setting; try {folder.parent / 'recipes'}"
        raise BenchError(f"--write-recipe {folder}: expected a folder for recipes, found the name of a file; {way_out}")
    faults = []
    for grid in grids:
        path = recipe_path(folder, grid.loaded)
        if not path.is_file():
            continue
        tuned = {axis[0].key for axis in grid.axes}
        there = _without(read_document(path).values, tuned)
        new = _without(_base(grid.loaded, folder), tuned)
        other = sorted(differences(there, new))
        if other:
            message = f"differs from what would be written in {', '.join(other)}; move it away, or add --force"
            faults.append(Fault(str(path), message))
    if faults:
        raise BenchError.of_faults("--write-recipes", faults)


def _without(values: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    """Values less what is tuned and what is said of it."""
    rest = {key: value for key, value in values.items() if key not in _ABOUT}
    for key in keys:
        put(rest, key, None)  # so that a mapping which holds nothing else is there on both sides
        drop(rest, key)
    return rest


def write_recipes(folder: Path, done: TunedGrids) -> list[Path]:
    """Write a recipe for each method of which a setting was chosen."""
    written = []
    for grid, tuned in zip(done.grids, done.tuned, strict=True):
        if tuned.chosen is not None:
            path = recipe_path(folder, grid.loaded)
            text = tuned_text(grid, tuned, folder)
            write_text(path, text)
            written.append(path)
    return written


def tuned_text(grid: MethodGrid, tuned: Tuned, folder: Path) -> str:
    """The recipe of one method with the values that were chosen, for a folder."""
    assert tuned.chosen is not None, "a grid of which nothing was chosen has no recipe"
    loaded = grid.loaded
    base = loaded.path if loaded.has_file else None
    values: dict[str, Any] = {"name": loaded.recipe.name, "description": description(grid, tuned)}
    if base is None:
        values |= _base(loaded, folder)
    else:
        values |= {override.key: override.value for override in _fixed(loaded)}
    values |= {override.key: override.value for override in tuned.chosen}
    return recipe_text(base, values, drop=(_UNTUNED,))


def _base(loaded: Loaded, folder: Path) -> dict[str, Any]:
    """What the recipe of a method says before it is tuned: its file, or its hyper-parameters as they are."""
    fixed: dict[str, Any] = {}
    for override in _fixed(loaded):
        put(fixed, override.key, override.value)
    if loaded.has_file:
        return merge(library.open_entry(str(loaded.path)).values, fixed)
    method = loaded.recipe.method
    variant = {} if method.variant == "default" else {"variant": method.variant}
    hyper = loaded.values()["method"]["hyper"]
    file = {} if method.file is None else {"file": os.path.relpath(method.file, folder)}
    described = {"name": plain_name(method.name), **variant, **file} | ({"hyper": hyper} if hyper else {})
    return merge({"name": loaded.recipe.name, "setting": loaded.recipe.setting, "method": described}, fixed)


def _fixed(loaded: Loaded) -> tuple[Override, ...]:
    """`--set` values, under which the grid was trained."""
    return parse_overrides(loaded.overrides)


def description(grid: MethodGrid, tuned: Tuned) -> str:
    """What the recipe is, then the grid and the rule, as one sentence."""
    recipe = grid.loaded.recipe
    what = _TUNING.sub("", recipe.description).rstrip(".") if grid.loaded.has_file else ""
    what = what or f"{_named(grid.loaded)} on the {recipe.setting} setting"
    axes = " and ".join(f"{axis[0].key} of {', '.join(_value(value.value) for value in axis)}" for axis in grid.axes)
    added = ", ".join(_value(value.value) for value in grid.added)
    wider = f", widened once by {added}" if added else ""
    seeds = " ".join(map(str, tuned.seeds))
    return f"{what}; tuned over {axes}{wider} on split {tuned.split}, seeds {seeds}, rule {RULE} ({RULE_TEXT})."


def _named(loaded: Loaded) -> str:
    """The method with its paper."""
    return f"{loaded.label} ({methods.get(loaded.recipe.method.name).paper})"


def _value(value: object) -> str:
    return short(value) if isinstance(value, float) else str(value)
