"""From recipe and setting files to one resolved, checked recipe with the origin of every value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchbench.core.errors import BenchError, Fault
from benchbench.core.hashing import fingerprint
from benchbench.core.identity import plain
from benchbench.core.method import plain_name
from benchbench.recipe import library
from benchbench.recipe.anchors import place_reference
from benchbench.recipe.document import Document, describe
from benchbench.recipe.faults import faults_of
from benchbench.recipe.folders import RecipeFolders, folder_of
from benchbench.recipe.identity import comparable_part, recipe_identity
from benchbench.recipe.memory import setting_differences
from benchbench.recipe.method_file import place_method_file
from benchbench.recipe.overrides import Override
from benchbench.recipe.schema import SFT, Recipe
from benchbench.recipe.values import drop, get, keys_below, merge, not_finite, overlay, put

Check = Callable[[Recipe], "tuple[dict[str, Any], list[Fault]]"]
"""Binds what the schema leaves free (hyper-parameters, source options): (bound values by dotted key, faults)."""
METHOD_NAME = "method.name"
"""A check binds it for a method that is not built in: the name with the method's content."""


@dataclass(frozen=True)
class Loaded:
    """A resolved recipe and where it comes from."""

    recipe: Recipe
    path: Path
    """File the recipe was read from; the setting's file for a method without a recipe."""
    setting_path: Path
    folders: RecipeFolders
    """Where relative paths in it start from."""
    origins: Mapping[str, str]
    """Dotted key -> "file:line" or "--set"; a key that is missing here has its built-in default."""
    bound: Mapping[str, Any] = field(default_factory=dict)
    """Free-form parts bound to what their exhibit declares: `method.hyper`, `data.options`, `judge.options`."""
    overrides: tuple[str, ...] = ()
    """`--set` texts; a recipe with any is not the recipe on disk."""
    untuned: bool = False
    """No recipe for this method in this setting: the paper's defaults and the setting's training block. Or a recipe
    that says of itself that its values were not chosen on a validation split."""
    setting_overrides: tuple[str, ...] = ()
    """Keys of the setting that the recipe (or `--set`) changes; more than none breaks comparability."""
    checks: tuple[Check, ...] = ()
    """What bound the free-form parts; a recipe that this one names is bound alike."""
    grid: str = ""
    """Label of the recipe of which this is one setting of a grid; empty for any other."""

    @property
    def label(self) -> str:
        """Short name in tables: the method without its content, with its variant where that is not `default`.

        The policy that all methods start from is `sft`, or `base` where the recipe has no SFT stage.
        """
        method = self.recipe.method
        name = self.recipe.start if method.name == SFT else plain_name(method.name)
        return name if method.variant == "default" else f"{name}@{method.variant}"

    def values(self) -> dict[str, Any]:
        """The resolved recipe as plain values, free-form parts with their defaults."""
        return _values(self.recipe, self.bound)

    @property
    def has_file(self) -> bool:
        """Whether it was read from a recipe of its own, and not made of the setting alone."""
        return self.path != self.setting_path

    @property
    def recipe_hash(self) -> str:
        """Identity of everything that reaches a result, save the list of seeds."""
        return fingerprint(recipe_identity(self.values(), self.bound))

    @property
    def comparability_hash(self) -> str:
        """Identity of what a fair comparison holds fixed."""
        return fingerprint(self.comparable_values())

    def comparable_values(self) -> dict[str, Any]:
        """The part of the recipe that a fair comparison holds fixed."""
        return comparable_part(self.values(), self.bound)


def load_recipe(
    target: library.Entry,
    *,
    setting: str | None = None,
    overrides: Iterable[Override] = (),
    checks: Iterable[Check] = (),
) -> Loaded:
    """Resolve a recipe file against its setting.

    Args:
        target: the recipe.
        setting: another setting than the recipe names.
        overrides: `--set` values, laid over both files.
        checks: binders for what the schema leaves free; their faults join the others.

    Raises:
        BenchError: every fault of the resolved recipe in one message.
    """
    if target.is_setting:
        raise BenchError(
            f"{target.path}: this is a setting (it names no method), not a recipe; "
            f"use `bench compare METHOD ... --setting {target.path}`"
        )
    base = _named_setting(target) if setting is None else library.find_setting(setting, beside=target.path.parent)
    return _resolve(target.document, target.path, base, tuple(overrides), tuple(checks))


def _named_setting(target: library.Entry) -> library.Entry:
    """The setting that a recipe names."""
    named = target.values.get("setting")
    if isinstance(named, str) and named:
        try:
            return library.find_setting(named, beside=target.path.parent)
        except BenchError as error:
            raise BenchError.of_faults(str(target.path), [Fault("setting", str(error))]) from None
    expected = "expected a setting's name"
    message = f"required, not given; {expected}" if named is None else f"{expected}, got {describe(named)}"
    raise BenchError.of_faults(str(target.path), [Fault("setting", message)])


def load_untuned(
    base: library.Entry,
    method: str,
    *,
    variant: str = "default",
    values: Mapping[str, Any] | None = None,
    file: Path | None = None,
    overrides: Iterable[Override] = (),
    checks: Iterable[Check] = (),
) -> Loaded:
    """A method without a recipe in a setting: the paper's defaults and the setting's training block.

    Args:
        base: the setting.
        method: its name.
        variant: label of the hyper-parameters.
        values: what the variant writes into the recipe, such as `method.hyper`.
        file: absolute path of the file that defines the method; none for one that is found by its name.
        overrides: `--set` values.
        checks: binders for what the schema leaves free.

    Raises:
        BenchError: every fault of the resolved recipe in one message.
    """
    name = base.setting_name
    in_file = {} if file is None else {"file": str(file)}
    written = {
        "name": f"{method}_{name}" if variant == "default" else f"{method}_{variant}_{name}",
        "setting": name,
        "method": {"name": method, "variant": variant, "hyper": {}, **in_file},
    }
    document = Document(merge(written, values or {}))
    return _resolve(document, base.path, base, tuple(overrides), tuple(checks), untuned=method != "sft")


def _resolve(
    document: Document,
    path: Path,
    base: library.Entry,
    overrides: tuple[Override, ...],
    checks: tuple[Check, ...],
    *,
    untuned: bool = False,
) -> Loaded:
    base = library.extended(base)
    recipe_values = {k: v for k, v in document.values.items() if k != "setting"}
    setting = {k: v for k, v in base.values.items() if k != "name"}
    values = merge(setting, recipe_values)
    for override in overrides:
        put(values, override.key, override.value)
    values["setting"] = base.setting_name
    origins = _origins(document, overrides, base)
    place_reference(values)
    place_method_file(values, partial(folder_of, origins=origins, setting=base.path))
    recipe, bound, faults = _validate(values, setting, checks)
    faults += _drawn_in_vain(document)
    if faults or recipe is None:
        raise BenchError.of_faults(str(path), [_placed(fault, origins, path) for fault in faults])
    return Loaded(
        recipe=recipe,
        path=path,
        setting_path=base.path,
        folders=RecipeFolders.of(origins, base.path),
        origins=origins,
        bound=bound,
        overrides=tuple(o.text for o in overrides),
        untuned=untuned or recipe.untuned,
        setting_overrides=_changed(recipe, bound, setting, checks),
        checks=checks,
    )


def _drawn_in_vain(document: Document) -> list[Fault]:
    """Sections of draws in the file of a recipe that trains no preferences; an override is for the rows beside it."""
    method = document.values.get("method")
    if not isinstance(method, Mapping) or method.get("name") != SFT:
        return []
    sections = [name for name in ("rounds", "online") if document.values.get(name) is not None]
    return [Fault(name, f"'{SFT}' draws nothing while it is trained; remove the section") for name in sections]


def _origins(document: Document, overrides: tuple[Override, ...], base: library.Entry) -> dict[str, str]:
    """Where each key was written last; what a later value replaces as a whole has no origin any more."""
    setting = Document({}, {k: v for k, v in base.document.origins.items() if k != "name"})
    origins = dict(overlay(setting, document).origins)
    for override in overrides:
        origins = {k: v for k, v in origins.items() if not k.startswith(f"{override.key}.")}
        origins |= dict.fromkeys([override.key, *keys_below(override.value, override.key)], "--set")
    return origins


def _validate(
    values: Mapping[str, Any], setting: Mapping[str, Any], checks: tuple[Check, ...]
) -> tuple[Recipe | None, dict[str, Any], list[Fault]]:
    """The recipe, unless the schema refuses it; its bound parts; every fault of schema and checks."""
    faults = not_finite(values)
    recipe, wrong = _parsed(values)
    faults += [fault for fault in wrong if fault.where not in {known.where for known in faults}]
    tried = recipe if not faults else _parsed(_mended(values, faults, setting))[0]
    bound: dict[str, Any] = {}
    places = tuple(fault.where for fault in faults)
    for check in checks:
        more, refusals = check(tried) if tried is not None else ({}, [])
        bound |= more
        faults += [f for f in refusals if not any(f.where == p or f.where.startswith(f"{p}.") for p in places)]
    return (None if places else _with_content(recipe, bound)), bound, faults


def _with_content(recipe: Recipe | None, bound: dict[str, Any]) -> Recipe | None:
    """The recipe with the name that its method turned out to have, which is no longer bound then."""
    name = bound.pop(METHOD_NAME, None)
    if recipe is None or name is None:
        return recipe
    return recipe.model_copy(update={"method": recipe.method.model_copy(update={"name": name})})


def _parsed(values: Mapping[str, Any]) -> tuple[Recipe | None, list[Fault]]:
    try:
        return Recipe.model_validate_json(json.dumps(values)), []
    except ValidationError as error:
        return None, faults_of(error, model=Recipe)


def _mended(values: Mapping[str, Any], faults: list[Fault], setting: Mapping[str, Any]) -> dict[str, Any]:
    """The values with every faulty key as in the setting, or left out, so that the rest can still be checked."""
    mended = merge({}, values)
    for fault in faults:
        key = fault.where
        while "." in key and not isinstance(get(values, key.rpartition(".")[0]), Mapping):
            key = key.rpartition(".")[0]  # an item of a list: the list
        default = get(setting, key)
        if default is not None or key in setting:
            put(mended, key, default)
        else:
            drop(mended, key)
    return mended


def _placed(fault: Fault, origins: Mapping[str, str], path: Path) -> Fault:
    """The fault with the line it comes from, where that is in another file than the one named in the title."""
    origin = origins.get(fault.where)
    if origin is None or origin.startswith(f"{path}:"):
        return fault
    return Fault(fault.where, f"{fault.message} ({origin})")


def _changed(
    recipe: Recipe, bound: Mapping[str, Any], setting: Mapping[str, Any], checks: tuple[Check, ...]
) -> tuple[str, ...]:
    """Dotted keys of the setting's part whose resolved value is not the one the setting has by itself."""
    values = _values(recipe, bound)
    required = {name: values[name] for name, field in Recipe.model_fields.items() if field.is_required()}
    alone, alone_bound, _ = _validate(required | dict(setting) | {"preference": values["preference"]}, setting, checks)
    # a setting that is not whole without its recipes: only what it does say can be changed
    by_itself = _values(alone, alone_bound) if alone is not None else merge(values, setting)
    mine, settled = comparable_part(values, bound), comparable_part(by_itself, alone_bound or bound)
    return tuple(sorted(setting_differences(mine, settled)))


def _values(recipe: Recipe, bound: Mapping[str, Any]) -> dict[str, Any]:
    values = recipe.model_dump(mode="json")
    for key, part in bound.items():
        put(values, key, plain(part))
    return values
