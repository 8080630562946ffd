"""Recipes to break: small texts over the shipped tiny setting."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchbench.plan.checks.recipe import bind_free_parts
from benchbench.recipe import library
from benchbench.recipe.load import Loaded, load_recipe
from benchbench.recipe.overrides import parse_overrides

HEAD = "name: toy\nsetting: tiny\nmethod: {name: dpo}\n"
"""A recipe that loads; lines are added to it."""


def write(folder: Path, text: str, name: str = "toy.yaml") -> Path:
    """A file with this text."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(path: Path, *, sets: Iterable[str] = (), setting: str | None = None, checked: bool = True) -> Loaded:
    """The resolved recipe of a file, as every verb resolves it."""
    checks = (bind_free_parts,) if checked else ()
    entry = library.open_entry(str(path))
    return load_recipe(entry, setting=setting, overrides=parse_overrides(sets), checks=checks)
