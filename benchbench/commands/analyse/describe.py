"""`bench analyse ls` and `show`: what there is, what it reads, its options and its source."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Mapping
from typing import Any

from benchbench import analyses
from benchbench.commands.methods import short_paper
from benchbench.core.analysis import Analysis, RowsInput
from benchbench.core.fields import field_docs


def list_analyses() -> list[dict[str, str]]:
    """One row per analysis."""
    return [
        {
            "analysis": name,
            "what it asks": analysis.title,
            "reads": ", ".join(f"[{wanted.name}]" if wanted.optional else wanted.name for wanted in analysis.inputs)
            or "-",
            "paper": short_paper(str(analysis.paper)),
        }
        for name, analysis in ((name, analyses.get(name)) for name in analyses.names())
    ]


def describe_analysis(name: str) -> dict[str, Any]:
    """Everything `bench analyse show` prints.

    Raises:
        BenchError: there is no such analysis.
    """
    analysis = analyses.get(name)
    docs = field_docs(analysis.options)
    return {
        "analysis": analysis.name,
        "what it asks": analysis.title,
        "paper": str(analysis.paper),
        "title": analysis.paper.title or "",
        "note": analysis.paper.note or "",
        "open_question": analysis.open_question,
        "description": _description(analysis),
        "result": (inspect.getdoc(analysis.analyse) or "").partition("\n\nRaises:")[0],
        "inputs": [_input(wanted) for wanted in analysis.inputs],
        "options": [
            {"name": field.name, "default": _as_set(field.default), "meaning": docs.get(field.name, "")}
            for field in dataclasses.fields(analysis.options)
        ],
        "version": analysis.version,
    }


def _description(analysis: Analysis) -> str:
    return inspect.cleandoc(sys.modules[analysis.analyse.__module__].__doc__ or "")


def _input(wanted: RowsInput) -> Mapping[str, Any]:
    return {
        "name": wanted.name,
        "meaning": wanted.meaning,
        "optional": wanted.optional,
        "columns": [dataclasses.asdict(field) for field in wanted.fields],
    }


def _as_set(value: Any) -> Any:
    """A default as `--set` takes it: several numbers as a list."""
    return list(value) if isinstance(value, tuple) else value
