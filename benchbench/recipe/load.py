"""From recipe and setting files to one resolved, checked recipe with the origin of every value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchbench.core.errors import BenchError, Fault
from benchbench.core.hashing import fingerprint
from benchbench.recipe import library
from benchbench.recipe.document import Document
from benchbench.recipe.faults import faults_of
from benchbench.recipe.overrides import Override
from benchbench.recipe.schema import SETTING_KEYS, Recipe
from benchbench.recipe.training import RUN_KEYS

Check = Callable[[Recipe], "tuple[dict[str, Any], list[Fault]]"]
"""Binds what the schema leaves free (hyper-parameters, source options): (bound values by dotted key, faults)."""


@dataclass(frozen=True)
class Loaded:
    """A resolved recipe and where it comes from."""

    recipe: Recipe
    path: Path
    """File the recipe was read from; the setting's file for a method without a recipe."""
    setting_path: Path
    origins: Mapping[str, str]
    """Dotted key -> "file:line" or "--set"; a key that is missing here has its built-in default."""
    bound: Mapping[str, Any] = field(default_factory=dict)
    """Free-form parts with their defaults filled in: `method.hyper`, `data.options`."""
    overrides: tuple[str, ...] = ()
    """`--set` texts; a recipe with any is not the recipe on disk."""
    untuned: bool = False
    """No recipe for this method in this setting: the paper's defaults and the setting's training block."""
    setting_overrides: tuple[str, ...] = ()
    """Keys of the setting that the recipe (or `--set`) changes; more than none breaks comparability."""

    @property
    def label(self) -> str:
        """Short name in tables: the method, with its variant where that is not `default`."""
        method = self.recipe.method
        return method.name if method.variant == "default" else f"{method.name}@{method.variant}"

    def folder_of(self, key: str) -> Path:
        """Folder that relative paths under a dotted key start from: that of the file that wrote them."""
        for path, origin in self.origins.items():
            if path == key or path.startswith(f"{key}."):
                return Path.cwd() if origin == "--set" else Path(origin.rsplit(":", 1)[0]).parent
        return self.setting_path.parent

    def values(self) -> dict[str, Any]:
        """The resolved recipe as plain values, free-form parts with their defaults."""
        values = self.recipe.model_dump(mode="json")
        for key, bound in self.bound.items():
            _put(values, key, bound)
        return values

    @property
    def recipe_hash(self) -> str:
        """Identity of everything that reaches a result, save the list of seeds."""
        values = without_run_keys(self.values())
        values["seeds"] = {key: value for key, value in values["seeds"].items() if key != "list"}
        return fingerprint({k: v for k, v in values.items() if k not in ("name", "description", "notice")})

    @property
    def comparability_hash(self) -> str:
        """Identity of what a fair comparison holds fixed."""
        return fingerprint(self.comparable_values())

    def comparable_values(self) -> dict[str, Any]:
        """The part of the recipe that a fair comparison holds fixed."""
        values = without_run_keys(self.values())
        return {"setting": self.recipe.setting} | {key: _get(values, key) for key in SETTING_KEYS}


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
    named = target.values.get("setting")
    if setting is None and not isinstance(named, str):
        raise BenchError.of_faults(
            str(target.path), [Fault("setting", "required, not given; expected a setting's name")]
        )
    base = library.find_setting(setting or str(named), beside=target.path.parent)
    return _resolve(target.document, target.path, base, tuple(overrides), tuple(checks))


def load_untuned(
    base: library.Entry,
    method: str,
    *,
    variant: str = "default",
    hyper: Mapping[str, Any] | None = None,
    overrides: Iterable[Override] = (),
    checks: Iterable[Check] = (),
) -> Loaded:
    """A method without a recipe in a setting: the paper's defaults and the setting's training block."""
    name = base.setting_name
    document = Document(
        {
            "name": f"{method}_{name}" if variant == "default" else f"{method}_{variant}_{name}",
            "setting": name,
            "method": {"name": method, "variant": variant, "hyper": dict(hyper or {})},
        }
    )
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
    recipe_keys = {k: v for k, v in document.values.items() if k != "setting"}
    values = _merge({k: v for k, v in base.values.items() if k != "name"}, recipe_keys)
    origins = {k: v for k, v in base.document.origins.items() if k != "name"} | dict(document.origins)
    for override in overrides:
        _put(values, override.key, override.value)
        origins = {k: v for k, v in origins.items() if not k.startswith(f"{override.key}.")}
        origins[override.key] = "--set"
    values["setting"] = base.setting_name
    recipe, bound, faults = _validate(values, checks)
    if faults or recipe is None:
        raise BenchError.of_faults(str(path), [_placed(fault, origins, path) for fault in faults])
    return Loaded(
        recipe=recipe,
        path=path,
        setting_path=base.path,
        origins=origins,
        bound=bound,
        overrides=tuple(o.text for o in overrides),
        untuned=untuned,
        setting_overrides=_changed(document, overrides, base),
    )


def _validate(
    values: Mapping[str, Any], checks: tuple[Check, ...]
) -> tuple[Recipe | None, dict[str, Any], list[Fault]]:
    try:
        recipe = Recipe.model_validate_json(json.dumps(values))
    except ValidationError as error:
        return None, {}, faults_of(error, model=Recipe)
    except ValueError as error:
        return None, {}, [Fault("", f"a value is not finite ({error})")]
    bound: dict[str, Any] = {}
    faults: list[Fault] = []
    for check in checks:
        more, wrong = check(recipe)
        bound |= more
        faults += wrong
    return recipe, bound, faults


def _placed(fault: Fault, origins: Mapping[str, str], path: Path) -> Fault:
    """The fault with the line it comes from, where that is in another file than the one named in the title."""
    origin = origins.get(fault.where)
    if origin is None or origin.startswith(f"{path}:"):
        return fault
    return Fault(fault.where, f"{fault.message} ({origin})")


def _changed(document: Document, overrides: tuple[Override, ...], base: library.Entry) -> tuple[str, ...]:
    """Dotted keys of the setting's part that are given another value."""
    given = {key: _get(document.values, key) for key in document.origins}
    given |= {override.key: override.value for override in overrides}
    return tuple(
        sorted(
            key
            for key, value in given.items()
            if any(key == s or key.startswith(f"{s}.") for s in SETTING_KEYS)
            and not isinstance(value, Mapping)
            and key.rsplit(".", 1)[-1] not in RUN_KEYS
            and _get(base.values, key) != value
        )
    )


def without_run_keys(values: Any) -> Any:
    """Plain values without the settings of a run (memory, logging), at every depth."""
    if isinstance(values, Mapping):
        return {key: without_run_keys(value) for key, value in values.items() if key not in RUN_KEYS}
    return values


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        inner = values.get(parent)
        values[parent] = dict(inner) if isinstance(inner, Mapping) else {}
        values = values[parent]
    values[last] = value


def _get(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values
