"""`bench methods`: what there is, with formula, paper, needs, hyper-parameters and variants."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
from typing import Any

from benchbench import methods
from benchbench.core.method import Column, Method


def list_methods() -> list[dict[str, str]]:
    """One row per method."""
    return [
        {
            "method": name,
            "paper": str(method.paper),
            "needs": ", ".join(sorted([need.name for need in method.needs] + list(method.column_names))) or "-",
            "candidates": method.candidates.value,
            "variants": ", ".join(method.variants),
        }
        for name, method in ((name, methods.get(name)) for name in methods.names())
    ]


def describe_method(name: str) -> dict[str, Any]:
    """Everything `bench methods show` prints."""
    method = methods.get(name)
    module = sys.modules[method.loss.__module__]
    return {
        "method": method.name,
        "paper": str(method.paper),
        "title": method.paper.title or "",
        "description": inspect.cleandoc(module.__doc__ or ""),
        "needs": sorted(need.name for need in method.needs),
        "columns": [_column(column) for column in method.columns],
        "candidates": method.candidates.value,
        "loss": inspect.getdoc(method.loss) or "",
        "monotone_in_chosen": method.monotone_in_chosen or method.monotone_reason,
        "hyper": _fields(method),
        "variants": {key: dict(value) for key, value in method.variants.items()},
        "version": method.version,
    }


def _column(column: Column) -> str:
    """A declared column with the values that it may hold."""
    gaps = "none missing" if column.missing == "refuse" else "may be missing"
    return f"{column.name} ({column.expected}, one per {column.per}, {gaps})"


def _fields(method: Method) -> list[dict[str, Any]]:
    docs = _field_docs(method.hyper)
    return [
        {"name": f.name, "default": f.default, "meaning": docs.get(f.name, "")}
        for f in dataclasses.fields(method.hyper)
    ]


def _field_docs(target: type) -> dict[str, str]:
    """The string below each field of a dataclass."""
    body = ast.parse(inspect.cleandoc(inspect.getsource(target))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            docs[field.target.id] = inspect.cleandoc(str(text.value.value))  # pyright: ignore[reportAttributeAccessIssue]
    return docs
