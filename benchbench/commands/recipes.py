"""`bench recipes`: list, show with the origin of every value, validate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench.commands.resolve import CHECKS, resolve
from benchbench.core.errors import BenchError, Fault
from benchbench.plan.named_recipes import require_named_recipes
from benchbench.recipe import library
from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded, load_recipe, load_untuned
from benchbench.recipe.overrides import parse_overrides
from benchbench.recipe.values import get

_TABLES = ("claims", "reported_losses", "reported_on", "quirks")


def list_recipes() -> list[dict[str, str]]:
    """Every recipe of the library, one row each, sorted by setting and method."""
    rows = []
    for entry in library.entries():
        if entry.is_setting:
            continue
        method, variant = entry.method
        rows.append(
            {
                "setting": entry.setting_name,
                "method": method,
                "variant": variant,
                "recipe": entry.shown,
                "description": str(entry.values.get("description", "")),
            }
        )
    return sorted(rows, key=lambda row: (row["setting"], row["method"], row["variant"]))


def unread_files() -> list[str]:
    """Files of the library that cannot be read, a line each; they keep no other from being used."""
    return library.unread_files()


def show(target: str, *, setting: str | None, overrides: Sequence[str]) -> tuple[Loaded, list[tuple[str, Any, str]]]:
    """A resolved recipe: (key, value, origin) of every value; claims and quirks have tables of their own."""
    loaded = resolve(target, setting=setting, overrides=parse_overrides(overrides))
    values = {key: value for key, value in loaded.values().items() if key not in _TABLES}
    return loaded, [(key, value, origin(loaded, key)) for key, value in leaves(values)]


def quirks(loaded: Loaded) -> list[dict[str, Any]]:
    """The quirks of the published protocol that concern a recipe: its own value beside the published and the good."""
    method = loaded.recipe.method.name
    rows = []
    for quirk in loaded.recipe.quirks:
        unread = method == "sft" and quirk.field.startswith("preference.")
        if quirk.concerns(method) and not unread:
            value = get(loaded.values(), quirk.field)
            rows.append(
                {
                    "field": quirk.field,
                    "here": value,
                    "published": quirk.published_for(method),
                    "good": " or ".join(map(_as_yaml, quirk.good)),
                    "here is": quirk.state(method, value),
                    "what the published value does": quirk.effect,
                }
            )
    return rows


def claims(loaded: Loaded) -> list[dict[str, Any]]:
    """The numbers that were reported for a recipe."""
    return [
        {
            "claim": f"{claim.metric} ({claim.scoring})",
            "reported": _reported(claim),
            "n": claim.n,
            "tolerance": claim.tolerance,
            "source": claim.source,
        }
        for claim in loaded.recipe.claims
    ]


def _reported(claim: ClaimSection) -> str:
    if claim.values is not None:
        return ", ".join(f"seed {seed}: {value:.6g}" for seed, value in claim.values.items())
    return f"{claim.mean:.6g}, sd {'unknown' if claim.sd is None else format(claim.sd, '.6g')}, k = {claim.k}"


def _as_yaml(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) or value is None else f"{value}"


def origin(loaded: Loaded, key: str) -> str:
    """Where a value comes from: file and line, `--set`, or the built-in or paper's default."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        source = loaded.origins.get(".".join(parts[:length]))
        if source is not None and (length == len(parts) or not _is_section(loaded, parts[:length])):
            return source
    if key.startswith("method.hyper."):
        return "method default"
    if key.startswith("reward_model.objective."):
        return "objective default"
    return "source default" if key.startswith("data.options.") else "built in"


def _is_section(loaded: Loaded, parts: Sequence[str]) -> bool:
    """Whether a key leads to a mapping whose values may have origins of their own."""
    value: Any = loaded.values()
    for part in parts:
        value = value.get(part) if isinstance(value, Mapping) else None
    return isinstance(value, Mapping)


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a nested mapping under its dotted key."""
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def validate(targets: Sequence[str]) -> list[str]:
    """Check files, or the whole library; returns one line per valid file.

    Raises:
        BenchError: every fault of every file.
    """
    entries = [library.open_entry(text) for text in targets] if targets else list(library.entries())
    good: list[str] = []
    faults = [] if targets else [Fault("", line) for line in library.unread_files()]
    for entry in entries:
        try:
            loaded = (
                load_untuned(entry, "sft", checks=CHECKS) if entry.is_setting else load_recipe(entry, checks=CHECKS)
            )
            require_named_recipes(loaded)
        except BenchError as error:
            faults.append(Fault("", str(error)))
            continue
        kind = "setting" if entry.is_setting else f"{loaded.label} on {loaded.recipe.setting}"
        good.append(f"{entry.shown}: valid ({kind})")
    if faults:
        raise BenchError("\n".join(str(fault) for fault in faults))
    return good
