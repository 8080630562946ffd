"""Bind free-form options of a recipe to the frozen dataclass of the exhibit that reads them."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ConfigDict, ValidationError, create_model

from benchbench.core.errors import Fault
from benchbench.core.fields import field_docs
from benchbench.recipe.faults import faults_of
from benchbench.recipe.section import Section


class _Bound(Section):
    """The base of a model made here; looking for docstrings in a source that it has not takes long."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def bind(target: type, values: Mapping[str, Any], *, where: str) -> tuple[Any, list[Fault]]:
    """An instance of a frozen dataclass from YAML values, or None and every fault found.

    Args:
        target: the dataclass; its types are taken exactly, its `__post_init__` may raise ValueError.
        values: what the recipe gives.
        where: dotted key that the values stand under, for the messages.
    """
    model = _section(target)
    try:
        checked = model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        return None, faults_of(error, model=model, prefix=where)
    try:
        return target(**{name: getattr(checked, name) for name in model.model_fields}), []
    except ValueError as error:
        return None, [Fault(where, str(error))]


def options_schema(target: type) -> dict[str, Any]:
    """The JSON Schema of a frozen dataclass as `bind` takes it, with each field's docstring as its description."""
    schema = _section(target).model_json_schema()
    docs = field_docs(target)
    for name, field in schema.get("properties", {}).items():
        if docs.get(name):
            field["description"] = docs[name]
    return schema


@cache
def _section(target: type) -> type[Section]:
    """The strict section with a dataclass's fields, which takes longer to make than to use."""
    hints = typing.get_type_hints(target)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(target):
        default: Any = ...
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        fields[field.name] = (hints[field.name], default)
    return create_model(target.__name__, __base__=_Bound, **fields)
