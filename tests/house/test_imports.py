"""Import contracts, and what stays light."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

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


def test_every_module_imports_and_says_what_it_is():
    """In a process of its own, so that no module works only because another test imported something before."""
    code = (
        "import importlib, sys, warnings\n"
        "warnings.filterwarnings('error', module='benchbench')\n"
        "for name in sys.argv[1:]:\n"
        "    doc = importlib.import_module(name).__doc__ or ''\n"
        "    assert doc.strip() and doc.split('\\n')[0].rstrip()[-1] in '.:', name\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *MODULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(MODULES) > 60


def test_rooms_without_models_import_no_torch():
    mine = [name for name in MODULES if name.split(".")[1] in LIGHT]
    assert {name.split(".")[1] for name in mine} == set(LIGHT)
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        f"    found = [heavy for heavy in {HEAVY} if heavy in sys.modules]\n"
        "    if found: sys.exit(f'{name} imports {found}')"
    )
    done = subprocess.run([sys.executable, "-c", code, *mine], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_knows_nothing_of_its_benchmarks_and_tests():
    files = sorted((ROOT / "benchbench").rglob("*.py"))
    outside = re.compile(r"^\s*(?:from|import) (?:benchmarks|tests)\b", flags=re.MULTILINE)
    assert [str(path) for path in files if outside.search(path.read_text(encoding="utf-8"))] == []
