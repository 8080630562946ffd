"""The package's syntax trees, parsed once in a process, for all tests that look through them."""

from __future__ import annotations

import ast
from functools import cache

from harness import ROOT


@cache
def package_trees() -> dict[str, ast.Module]:
    """Path below the package -> its syntax tree."""
    root = ROOT / "benchbench"
    return {str(p.relative_to(root)): ast.parse(p.read_text(encoding="utf-8")) for p in sorted(root.rglob("*.py"))}


@cache
def calls(tree: ast.Module) -> frozenset[str]:
    """Names of everything a module calls, as written."""
    return frozenset(ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
