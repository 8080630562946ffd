"""Field docstrings: the string below each field of a dataclass, which is also its help."""

from __future__ import annotations

import ast
import inspect


def field_docs(target: type) -> dict[str, str]:
    """Name of each documented field of a dataclass -> the text below it, on one line.

    Args:
        target: a class whose source can be read.
    """
    (body,) = ast.parse(inspect.cleandoc(inspect.getsource(target))).body
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            docs[field.target.id] = " ".join(text.value.value.split())
    return docs
