"""Section: the strict, frozen base of every part of a recipe."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from benchbench.core.shown_text import name_fault

NonEmpty = Annotated[str, Field(min_length=1)]


def _file_name(name: str) -> str:
    fault = name_fault(name)
    if fault is not None:
        raise ValueError(fault)
    return name


FileName = Annotated[NonEmpty, AfterValidator(_file_name)]
"""A name that becomes a file's or a folder's."""


class Section(BaseModel):
    """Unknown keys are refused, types are exact, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


def values_of(section: Any, kind: type[BaseModel]) -> dict[str, Any]:
    """The values of a section under the fields of a class that it extends."""
    return {name: getattr(section, name) for name in kind.model_fields}
