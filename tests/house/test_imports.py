"""Import contracts, and what stays light."""

from __future__ import annotations

import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness import ROOT

import benchbench

MODULES = sorted(module.name for module in pkgutil.walk_packages(benchbench.__path__, "benchbench."))
LIGHT = (
    "analyses",
    "api",
    "cli",
    "comparison",
    "core",
    "cost",
    "plan",
    "recipe",
    "store",
    "commands",
    "sources",
    "transforms",
    "metrics",
    "judging",
    "exports",
    "imports",
    "report",
    "run",
    "methods",
    "inputs",
    "samplers",
    "oracles",
    "selectors",
    "trees",
)
LINT = Path(sys.executable).with_name("lint-imports")
HEAVY = ("torch", "transformers", "vllm", "datasets", "peft", "trl")


def test_the_import_contracts_are_kept():
    done = subprocess.run(
        [LINT, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """Module -> what a process of its own had to say of it, light modules before the others.

    So no module works only because another test imported something before.
    """
    code = (
        "import importlib, json, sys, warnings\n"
        "warnings.filterwarnings('error', module='benchbench')\n"
        "said = {}\n"
        "for name in json.loads(sys.argv[1]):\n"
        "    doc = importlib.import_module(name).__doc__ or ''\n"
        "    said[name] = [] if doc.strip() and doc.split('\\n')[0].rstrip()[-1] in '.:' else ['says not what it is']\n"
        f"    said[name] += [heavy for heavy in {HEAVY} if heavy in sys.modules]\n"
        "print('\\n' + json.dumps(said))"
    )
    words = json.dumps(sorted(MODULES, key=lambda name: not is_light(name)))
    done = subprocess.run([sys.executable, "-c", code, words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def is_light(name: str) -> bool:
    """Whether a module is in a room that imports no torch."""
    return name.partition(".")[2].split(".")[0] in LIGHT


def test_every_module_imports_and_says_what_it_is(imported: dict[str, list[str]]):
    assert imported.keys() == set(MODULES)
    assert [name for name, said in imported.items() if "says not what it is" in said] == []
    assert len(MODULES) > 60


def test_rooms_without_models_import_no_torch(imported: dict[str, list[str]]):
    light = {name: set(said) & set(HEAVY) for name, said in imported.items() if is_light(name)}
    assert {name.split(".")[1] for name in light} == set(LIGHT)
    assert {name: heavy for name, heavy in light.items() if heavy} == {}
    assert any(set(said) & set(HEAVY) for said in imported.values()), "the others do import some"


def test_the_package_knows_nothing_of_its_benchmarks_and_tests():
    files = sorted((ROOT / "benchbench").rglob("*.py"))
    outside = re.compile(r"^\s*(?:from|import) (?:benchmarks|tests)\b", flags=re.MULTILINE)
    assert [str(path) for path in files if outside.search(path.read_text(encoding="utf-8"))] == []
