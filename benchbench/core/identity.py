"""One rule of identity: which fields of settings make a fingerprint.

Settings are frozen pydantic models or dataclasses. A field with no mark is part of their identity, whatever its value:
it exists since the beginning. Two marks, given in `Annotated`, say otherwise:

- `Since`: the field joined later. At the value that means what was done before it existed it is no part of an
  identity, so that a new field makes no finished stage and no committed number another one.
- `RUN`: a setting of the run (memory, logging, paths): recorded, no part of an identity.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Since:
    """A field that joined after results were committed."""

    day: str
    """Day that the field joined, as YYYY-MM-DD."""
    before: Any = field(hash=False)
    """The value that means what was done before, as plain JSON."""


@dataclass(frozen=True)
class RunSetting:
    """A field that is no part of an identity."""


RUN = RunSetting()


def identity(settings: Any) -> Any:
    """Plain values of everything in settings that makes their identity; plain values are their own.

    Args:
        settings: a pydantic model, a dataclass, or plain JSON values.
    """
    if not (isinstance(settings, BaseModel) or _is_dataclass(settings)):
        return _plain(settings)
    values: dict[str, Any] = {}
    for name, marks in field_marks(type(settings)).items():
        value = identity(getattr(settings, name))
        if not is_left_out(value, marks):
            values[written_name(type(settings), name)] = value
    return values


def written_name(kind: type, name: str) -> str:
    """What a field is called in plain values: its alias, where its name is a word of Python such as `for`."""
    alias = kind.model_fields[name].alias if issubclass(kind, BaseModel) else None
    return alias or name


def is_left_out(value: Any, marks: Iterable[Any]) -> bool:
    """Whether a field with these marks is no part of an identity at a plain value."""
    return any(mark == RUN or (isinstance(mark, Since) and value == mark.before) for mark in marks)


def plain(settings: Any) -> Any:
    """Plain JSON values of settings, all of them."""
    if isinstance(settings, BaseModel):
        return settings.model_dump(mode="json")
    return _plain(dataclasses.asdict(settings) if _is_dataclass(settings) else settings)


def restore(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an identity with the later fields that it leaves out, at what was done before they joined."""
    restored = dict(values)
    for name, marks in field_marks(kind).items():
        section = section_of(kind, name)
        if section is not None and isinstance(restored.get(name), Mapping):
            restored[name] = restore(section, restored[name])
        for mark in marks:
            if isinstance(mark, Since):
                restored.setdefault(written_name(kind, name), mark.before)
    return restored


@cache
def section_of(kind: type, name: str) -> type | None:
    """The settings class that a field of a settings class holds; none for other fields."""
    if issubclass(kind, BaseModel):
        annotation: Any = kind.model_fields[name].annotation if name in kind.model_fields else None
    else:
        annotation = typing.get_type_hints(kind).get(name)
    if typing.get_origin(annotation) is dict:  # of sections under the user's own names
        return None
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and (issubclass(part, BaseModel) or dataclasses.is_dataclass(part)):
            return part
    return None


@cache
def field_marks(kind: type) -> Mapping[str, tuple[Any, ...]]:
    """Name of every field of a settings class -> its marks of this module, none for a founding field."""
    if issubclass(kind, BaseModel):
        return {name: tuple(_marks(field.metadata)) for name, field in kind.model_fields.items()}
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    return {name: tuple(_marks(getattr(hints[name], "__metadata__", ()))) for name in names}


def _marks(metadata: Any) -> Iterator[Any]:
    return (mark for mark in metadata if isinstance(mark, Since | RunSetting))


def _is_dataclass(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _plain(value: Any) -> Any:
    """JSON values: tuples as lists, dates as text, nested settings by their identity."""
    if isinstance(value, Mapping):
        return {str(key): identity(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [identity(part) for part in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return json.loads(json.dumps(value, default=str))
