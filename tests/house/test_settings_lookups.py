"""Settings are typed: nobody looks a setting up by its name in quotes."""

from __future__ import annotations

import ast
import re

import pytest
from harness import ROOT

TYPED = ("plan", "stages", "inputs", "batches", "training", "generation")
SETTINGS = re.compile(r"(settings|section|spec\.run|context\.run|\.training|values|\.model|tokenization)$")
PLAIN = {"benchbench/stages/__init__.py", "benchbench/generation/stops.py", "benchbench/training/log.py"}
"""Where plain JSON is read back into typed nouns."""


def lookups(tree: ast.Module) -> list[str]:
    """`settings["x"]` and `settings.get("x")`, by whatever name settings go."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            owner, key = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            owner, key = node.func.value, node.args[0] if node.args else None
        else:
            continue
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and SETTINGS.search(ast.unparse(owner)):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("package", TYPED)
def test_no_setting_is_looked_up_by_its_name_in_quotes(package: str):
    paths = sorted((ROOT / "benchbench" / package).rglob("*.py"))
    assert paths
    by_file = {str(path.relative_to(ROOT)): lookups(ast.parse(path.read_text(encoding="utf-8"))) for path in paths}
    assert {name: found for name, found in by_file.items() if found and name not in PLAIN} == {}


def test_the_count_sees_what_it_counts():
    assert (
        len(lookups(ast.parse('a = settings["x"]; b = self.settings.get("y", 1); c = spec.run["z"]; d = frame["w"]')))
        == 3
    )
