"""`bench transforms`: what there is, with what each reads and makes, options and source."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchbench import transforms
from benchbench.commands.methods import short_paper
from benchbench.core.fields import field_docs
from benchbench.core.method import Candidates
from benchbench.core.transform import Transform


def list_transforms() -> list[dict[str, str]]:
    """One row per transform."""
    return [
        {
            "transform": name,
            "what it does": _description(transform).splitlines()[0],
            "makes": ", ".join((*transform.makes_columns, *transform.makes_parts)) or "-",
            "takes": _takes(transform),
            "paper": _paper(transform),
        }
        for name, transform in ((name, transforms.get(name)) for name in transforms.names())
    ]


def short_rows(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Rows that are read in a terminal of 80 columns: name, what it does, and the paper in short."""
    return [
        {
            "transform": row["transform"],
            "what it does": row["what it does"],
            "paper": short_paper(row["paper"]),
        }
        for row in rows
    ]


def describe_transform(name: str) -> dict[str, Any]:
    """Everything `bench transforms show` prints."""
    transform = transforms.get(name)
    docs = field_docs(transform.options)
    return {
        "transform": transform.name,
        "paper": _paper(transform),
        "title": (transform.paper and transform.paper.title) or "",
        "note": (transform.paper and transform.paper.note) or "",
        "open_question": transform.open_question,
        "description": _description(transform),
        "result": inspect.getdoc(transform.apply) or "",
        "takes": _takes(transform),
        "columns": list(transform.makes_columns),
        "parts": list(transform.makes_parts),
        "random": transform.random,
        "options": [
            {"name": field.name, "default": _default(field), "meaning": docs.get(field.name, "")}
            for field in dataclasses.fields(transform.options)
        ],
        "version": transform.version,
    }


def _description(transform: Transform) -> str:
    return inspect.cleandoc(sys.modules[transform.apply.__module__].__doc__ or "")


def _paper(transform: Transform) -> str:
    return "-" if transform.paper is None else str(transform.paper)


def _takes(transform: Transform) -> str:
    pairs = "pairs" if transform.candidates is Candidates.PAIR else "any number of candidates"
    return f"{pairs}, the preferred first" if transform.needs_order else pairs


def _default(field: dataclasses.Field[Any]) -> Any:
    """The default of an option; `required` where it has none."""
    if field.default is not dataclasses.MISSING:
        return field.default
    return "required" if field.default_factory is dataclasses.MISSING else field.default_factory()
