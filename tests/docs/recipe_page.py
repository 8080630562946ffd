"""docs/recipe.md: every key of a recipe with type, default and meaning, from the schema and the rooms' options."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from typing import Any, Literal, Union

import annotated_types
from pydantic.fields import FieldInfo

from benchbench import judges, methods, reward_objectives, sources, transforms
from benchbench.recipe.schema import ANNOTATIONS, SETTING_KEYS, Recipe
from benchbench.recipe.section import Section
from benchbench.recipe.training import TrainingSection

HEAD = """# Recipe keys

Made from the schema by `make docs`, and checked by a test. A key that is not here is refused; the message names the
most similar key. `bench recipes show TARGET` prints a resolved recipe with the origin of every value, and
`--set KEY=VALUE` replaces a value: `--set preference.learning_rate=5e-7`.

A *setting* is a file of the same keys without `method`; under `extends` it may name another setting, whose values it
inherits. A fair comparison keeps these keys fixed: {setting}.

[recipe.schema.json](recipe.schema.json) has all of this for editors: `bench recipes schema --write FILE` writes it, and
a YAML file names it in its first line, as `# yaml-language-server: $schema=FILE`; `bench init` writes both.

These keys only describe a recipe; they affect neither its results nor its identity: {annotations}.
"""
WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    date: "date",
    type(None): "none",
    Any: "value",
}
BOUNDS = {annotated_types.Gt: (">", "gt"), annotated_types.Ge: (">=", "ge")}
BOUNDS |= {annotated_types.Lt: ("<", "lt"), annotated_types.Le: ("<=", "le")}


def recipe_page() -> str:
    """The whole document."""
    head = HEAD.format(setting=_code(SETTING_KEYS), annotations=_code(ANNOTATIONS))
    parts = [head, *_sections(), *_options("Hyper-parameters", "method.hyper", _methods())]
    parts += [*_options("Reward-model objectives", "reward_model.objective.hyper", _objectives())]
    parts += [*_options("Data sources", "data.options", _exhibits(sources))]
    parts += [*_options("Transforms", "data.transforms[].options", _exhibits(transforms))]
    parts += [*_options("Judges", "judge.options", _exhibits(judges))]
    return "\n".join(parts).rstrip() + "\n"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _sections() -> Iterator[str]:
    yield "## Top level\n"
    yield _table(_rows(Recipe, ""))
    yield "## Every training section\n"
    yield "The keys that `sft`, `reward_model` and `preference` share.\n"
    yield _table(_rows(TrainingSection, ""))
    yield from _nested(Recipe, "")


def _nested(model: type[Section], prefix: str) -> Iterator[str]:
    """The sections below a section, each with those below it."""
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            key = f"{prefix}{name}{_below(field.annotation)}"
            yield f"## `{key}`\n"
            yield f"{_one_line(inspect.getdoc(inner))}\n"
            shared = issubclass(inner, TrainingSection)
            if shared:
                yield "All keys of [every training section](#every-training-section), and:\n"
            rows = _rows(inner, f"{key}.", leave=set(TrainingSection.model_fields) if shared else set())
            yield _table(rows)
            yield from _nested(inner, f"{key}.")


def _below(annotation: Any) -> str:
    """What stands between a key and those below it: a place in a list, or a name of the author's own."""
    kinds = {typing.get_origin(kind) for kind in (annotation, *typing.get_args(annotation))}
    return "[]" if tuple in kinds else ".NAME" if dict in kinds else ""


def _rows(model: type[Section], prefix: str, *, leave: Set[str] = frozenset()) -> list[tuple[str, str, str, str]]:
    """(key, type, default, meaning) of a section's own fields."""
    return [
        (f"`{prefix}{name}`", _field_type(field), _default(field), _meaning(field))
        for name, field in ((name, model.model_fields[name]) for name in _own_first(model))
        if name not in leave
    ]


def _own_first(model: type[Section]) -> list[str]:
    """Names of the fields, a section's own before those of the sections that it extends."""
    names = (name for kind in model.__mro__ for name in vars(kind).get("__annotations__", {}))
    return [name for name in dict.fromkeys(names) if name in model.model_fields]


def _meaning(field: FieldInfo) -> str:
    inner = _models(field.annotation)
    return _one_line(field.description) or (_one_line(inspect.getdoc(inner[0])) if inner else "")


def _field_type(field: FieldInfo) -> str:
    bounds = []
    for one in field.metadata:
        sign, attribute = next((b for kind, b in BOUNDS.items() if isinstance(one, kind)), ("", ""))
        bounds += [f"{sign} {getattr(one, attribute):g}"] if sign else []
    return ", ".join([_type(field.annotation), *bounds])


def _type(annotation: Any) -> str:
    """A type in a recipe author's words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in WORDS:
        return WORDS[annotation]
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin is Literal:
        return _either([f"`{value}`" for value in inner])
    if origin in (Union, types.UnionType):
        scalars = {bool, int, float, str}
        rest = [one for one in inner if one not in scalars] if scalars <= set(inner) else inner
        return _either([*(["value"] if rest is not inner else []), *_alternatives(rest)])
    if origin in (tuple, list):
        return f"list of {_type(inner[0])}"
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return f"mapping to {_type(inner[1])}"
    assert isinstance(annotation, type) and issubclass(annotation, Section), annotation
    return "section"


def _alternatives(kinds: Sequence[Any]) -> list[str]:
    """The words of each kind, those of a choice one by one."""
    single = [[f"`{v}`" for v in typing.get_args(k)] if typing.get_origin(k) is Literal else [_type(k)] for k in kinds]
    return list(dict.fromkeys(word for words in single for word in words))


def _either(words: Sequence[str]) -> str:
    return " or ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), words[-1]])


def _models(annotation: Any) -> list[type[Section]]:
    """The sections that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [model for one in typing.get_args(annotation) for model in _models(one)]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return _shown(field.get_default(call_default_factory=True))


def _shown(value: Any) -> str:
    """A default as YAML has it."""
    if isinstance(value, Section):
        return _shown(value.model_dump(mode="json", exclude_defaults=True))
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {_shown(each).strip('`')}" for key, each in value.items())
        return f"`{{{inner}}}`"
    if isinstance(value, tuple | list):
        return f"`[{', '.join(str(each) for each in value)}]`"
    words = {None: "none", True: "true", False: "false", "": "empty"}
    plain = value is None or isinstance(value, bool) or value == ""
    return words[value] if plain else f"`{value}`"


def _methods() -> Iterator[tuple[str, str, type]]:
    for name in methods.names():
        method = methods.get(name)
        yield name, f"{method.paper}.", method.hyper


def _objectives() -> Iterator[tuple[str, str, type]]:
    for name in reward_objectives.names():
        objective = reward_objectives.get(name)
        unverified = f" Form unverified: {objective.open_question}" if objective.open_question else ""
        yield name, f"{objective.paper}.{unverified}", objective.hyper


def _exhibits(room: Any) -> Iterator[tuple[str, str, type]]:
    for name in room.names():
        options = room.get(name).options
        yield name, _one_line(inspect.getdoc(options)), options


def _options(title: str, key: str, exhibits: Iterator[tuple[str, str, type]]) -> Iterator[str]:
    """A part with a table of each exhibit's own keys."""
    yield f"## {title}: `{key}`\n"
    for name, about, options in exhibits:
        yield f"### `{name}`\n"
        yield f"{about}\n"
        hints = typing.get_type_hints(options, include_extras=True)
        docs = field_docs(options)
        rows = [
            (f"`{field.name}`", _type(hints[field.name]), _dataclass_default(field), docs.get(field.name, ""))
            for field in dataclasses.fields(options)
        ]
        yield _table(rows) if rows else "It has none.\n"


def _dataclass_default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return _shown(field.default)
    return "required" if field.default_factory is dataclasses.MISSING else _shown(field.default_factory())


def field_docs(target: type) -> dict[str, str]:
    """The string below each field of a dataclass."""
    (body,) = ast.parse(inspect.cleandoc(inspect.getsource(target))).body
    assert isinstance(body, ast.ClassDef)
    return {
        ast.unparse(field.target): _one_line(below.value.value)
        for field, below in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }


def _one_line(text: Any) -> str:
    """The first paragraph on one line, without what would end a cell of a table."""
    return re.sub(r"\s+", " ", str(text or "").strip().split("\n\n")[0]).replace("|", "\\|")


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    lines = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])
