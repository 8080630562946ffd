"""`bench recipes schema`: recipes and settings as a JSON Schema, by which editors complete, explain and check keys.

It is made from the same classes that check a recipe when it is loaded, and from the rooms for what these leave free:
hyper-parameters and options. It says less than loading does: a recipe gives a part of what its setting gives, so no key
of a section is required, and what several keys must agree on is checked by `bench recipes validate`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import benchbench
from benchbench import judges, methods, metrics, reward_objectives, sources, transforms
from benchbench.core.errors import BenchError
from benchbench.recipe.binding import options_schema
from benchbench.recipe.schema import REWARD_MODEL, Recipe
from benchbench.store.files import json_or_none, write_text

FILE_NAME = "recipe.schema.json"
"""What the file is called beside a setting that `bench init` writes."""
DIALECT = "http://json-schema.org/draft-07/schema#"
"""Draft 7, which the YAML language server reads."""
TITLE = "benchbench recipe or setting"
EDITOR_LINE = "# yaml-language-server: $schema={}"
"""First line of a file that an editor is to check."""
_LISTED = ("TransformSection", "StepSection", "MaskedSpanSection", "ClaimSection", "LossSection", "QuirkSection")
"""Sections that stand in lists, which a recipe replaces as a whole; what they require is required."""


def recipe_schema() -> dict[str, Any]:
    """The whole schema: JSON values, in an order that follows from the code alone."""
    schema = Recipe.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    for name, section in definitions.items():
        if name not in _LISTED:
            section.pop("required", None)
    for part in FREE:
        _bind(definitions, part)
    definitions["MethodSection"]["properties"]["name"]["anyOf"][0]["enum"].append(REWARD_MODEL)
    definitions["HeadlineSection"]["properties"]["metric"] |= {"enum": metrics.names()}
    about = "Name or path of a setting whose values this one inherits; only in a setting."
    schema["properties"]["extends"] = {"type": "string", "minLength": 1, "description": about}
    schema |= {"title": TITLE, "required": ["name"], "if": {"required": ["method"]}, "then": {"required": ["setting"]}}
    schema["description"] = f"Made by `bench recipes schema` of benchbench {benchbench.__version__}."
    return {"$schema": DIALECT, **_plain(schema)}


def schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(recipe_schema(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_schema(path: Path) -> None:
    """Write the schema, over an earlier one where there is one.

    Raises:
        BenchError: another file is there.
    """
    if path.exists():
        there = json_or_none(path)
        if not isinstance(there, Mapping) or there.get("title") != TITLE:
            raise BenchError(f"{path}: expected no file, or a schema of `bench recipes schema`; move it away")
    write_text(path, schema_text())


@dataclass(frozen=True)
class FreePart:
    """A key whose values the recipe's own classes leave free, since they are those of an exhibit."""

    section: str
    """Class of the section that it stands in."""
    key: str
    room: str
    """What the exhibits are, as their definitions in the schema are called."""
    options_of: Callable[[], Iterator[tuple[str, type]]]
    """(name of an exhibit, class of what stands under the key)."""
    named_by: str = "name"
    """Key that names the exhibit."""
    is_partial: bool = False
    """Whether a recipe may give some of the values and leave the others to its setting."""


def _hyper(room: Any) -> Callable[[], Iterator[tuple[str, type]]]:
    return lambda: ((name, room.get(name).hyper) for name in room.names())


def _options(room: Any) -> Callable[[], Iterator[tuple[str, type]]]:
    return lambda: ((name, room.get(name).options) for name in room.names())


FREE = (
    FreePart("MethodSection", "hyper", "method", _hyper(methods)),
    FreePart("RewardObjectiveSection", "hyper", "objective", _hyper(reward_objectives)),
    FreePart("DataSection", "options", "source", _options(sources), named_by="source", is_partial=True),
    FreePart("TransformSection", "options", "transform", _options(transforms)),
    FreePart("StepSection", "options", "transform", _options(transforms)),
    FreePart("JudgeSection", "options", "judge", _options(judges), is_partial=True),
)
"""Every part that is left free."""


def _bind(definitions: dict[str, Any], part: FreePart) -> None:
    """Say what stands under a free part for each name of an exhibit; a name that is not listed leaves it free."""
    properties = definitions[part.section]["properties"]
    about, names, cases = properties[part.named_by].pop("description", ""), [], []
    for name, target in part.options_of():
        inner = options_schema(target)
        inner.pop("description", None)
        if part.is_partial:
            inner.pop("required", None)
        for nested, values in inner.pop("$defs", {}).items():
            assert definitions.setdefault(nested, values) == values, nested
        definitions[f"{part.room}.{name}"] = inner
        is_it = {"required": [part.named_by], "properties": {part.named_by: {"const": name}}}
        it_has = {"properties": {part.key: {"$ref": f"#/$defs/{part.room}.{name}"}}}
        names.append(name)
        cases.append({"if": is_it, "then": it_has})
    of_other = {"type": "string", "minLength": 1}
    properties[part.named_by] = {"description": about, "anyOf": [{"enum": names}, of_other]}
    definitions[part.section]["allOf"] = cases


def _plain(value: Any) -> Any:
    """The schema without pydantic's titles of single fields, which say the key again, and without infinite defaults.

    Texts stand on one line.
    """
    if isinstance(value, Mapping):
        return {
            name: " ".join(inner.split()) if name == "description" and isinstance(inner, str) else _plain(inner)
            for name, inner in value.items()
            if not (name == "title" and inner != TITLE and isinstance(inner, str))
            and not (name == "default" and isinstance(inner, float) and not math.isfinite(inner))
        }
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
