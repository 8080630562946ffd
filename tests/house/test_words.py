"""Names say what they hold, a class name means one thing, and a module is worth its file."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import ROOT

from tests.house.parsed import package_trees

EMPTY_WORDS = {"found", "own", "one", "told", "kept", "asked", "given", "made", "theirs", "whys"}
"""Words that say how a value came about, or whose it is, and not what it is."""

WORDS_THAT_STAY = {
    "plan/stage_parts.py: made": "a field: split -> key of the stage that makes its examples",
    "commands/regress/run.py: found": "a field of a finding, a key of what `bench regress --json` prints",
    "comparison/claims/outcome.py: found": "a field of a verdict, a key of what `bench check --json` prints",
}
"""Path and name -> why it stays."""

ONE_NAME_BY_DESIGN = {
    "Hyper": "every method's hyper-parameters, reached through the method and never by import",
    "Options": "options of every exhibit that has some, reached through it and never by import",
}
"""Class name -> why several modules have one."""

OPTIONS_ROOMS = ("transforms/", "analyses/", "samplers/", "oracles/", "selectors/", "shaping/")

FEWEST_LINES = 30

SHORT_BY_FOLDER = {
    "analyses/": "exhibits: one file each",
    "methods/": "exhibits: one file each",
    "metrics/": "exhibits: one file each",
    "judges/": "exhibits: one file or folder each",
    "shaping/": "exhibits: one file each",
    "sources/": "exhibits: one file or folder each",
    "exports/": "exhibits: one file each",
    "inputs/": "exhibits: one file each",
    "transforms/": "exhibits: one file each",
    "samplers/": "exhibits: one file each",
    "oracles/": "exhibits: one file each",
    "selectors/": "exhibits: one file each",
    "report/page/sections/": "exhibits: one file each",
    "cli/": "one module per verb",
}
"""Folder -> why its files may be short."""

SHORT_BY_NAME = {
    "__init__.py": "a package says what it holds and offers it",
    "settings.py": "a stage kind's settings, apart from its run so that plans need no torch",
    "run.py": "a stage kind's run",
}
"""Name of a file below `stages/` -> why it may be short; an `__init__.py` may be so everywhere."""

SHORT_WITH_REASON = {
    "comparison/stats/significance.py": "Holm's correction: pairs, claims and win rates share it",
    "core/fields.py": "pages, commands and tests read the same help of a field",
    "data/rank_agreement.py": "a transform and a selector, of two rooms, measure it alike",
    "core/functional.py": "puts off the import of torch for every method's file",
    "core/hashing.py": "the one content hash of plain values, read by every workshop",
    "core/installed.py": "stages, engines, figures and comparisons that are read back ask for versions in one way",
    "core/logistic.py": "labels, verdicts and transforms round alike",
    "core/paper.py": "a noun that methods, transforms and objectives share",
    "core/repository.py": "a noun that plan, data, store and sources share",
    "generation/sampling.py": "stage and plan's checks must read the same fields of a recipe",
    "judging/labels.py": "one judge's name in tables, with tests of its own",
    "report/status.py": "marks and their footnotes, which tables, commands and pages share",
    "plan/reward_presets.py": "commands and anchors read it, and anchors are read where reward models are planned",
    "stages/frozen.py": "inputs and stages load a frozen policy in one way",
    "stages/preference/method.py": "inputs read the bound method, too, and must not import the stage's run",
    "training/schedule.py": "formulas held equal to transformers' by tests of their own",
}
"""Path -> why this module is short."""


@pytest.fixture(scope="module")
def package() -> dict[str, ast.Module]:
    """Path below the package -> its syntax tree."""
    return package_trees()


def bound_names(tree: ast.Module) -> Iterator[str]:
    """Names that a module assigns, loops over, catches, matches, declares as fields or takes as parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name


def empty_words(package: dict[str, ast.Module]) -> set[str]:
    """`path: name` of every name that says nothing of what it holds."""
    return {f"{path}: {name}" for path, tree in package.items() for name in bound_names(tree) if name in EMPTY_WORDS}


def excused(path: str) -> bool:
    """Whether files of this kind may be short."""
    if path.startswith("stages/"):
        return Path(path).name in SHORT_BY_NAME
    return Path(path).name == "__init__.py" or path.startswith(tuple(SHORT_BY_FOLDER))


def test_every_name_says_what_it_holds(package: dict[str, ast.Module]):
    left = set(empty_words(package))
    assert left <= set(WORDS_THAT_STAY), "rename these after what they hold"


def test_no_excuse_for_a_word_outlives_it(package: dict[str, ast.Module]):
    assert set(WORDS_THAT_STAY) <= empty_words(package)


def test_a_class_name_means_one_thing_in_the_whole_package(package: dict[str, ast.Module]):
    modules: dict[str, list[str]] = defaultdict(list)
    for path, tree in package.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(path)
    assert {name: paths for name, paths in modules.items() if len(paths) > 1 and name not in ONE_NAME_BY_DESIGN} == {}
    assert all(path.startswith(("methods/", "reward_objectives/")) for path in modules["Hyper"])
    assert all(path.startswith(OPTIONS_ROOMS) for path in modules["Options"])


def test_a_module_is_long_enough_for_a_file_or_has_a_reason():
    root = ROOT / "benchbench"
    lines = {
        str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines()) for path in root.rglob("*.py")
    }
    short = {path for path, count in lines.items() if count < FEWEST_LINES and not excused(path)}
    assert short - set(SHORT_WITH_REASON) == set(), "fold these into their callers, or say why they are files"
    assert set(SHORT_WITH_REASON) - short == set(), "these are no longer short: take them off the list"


def test_the_walk_sees_what_it_should_refuse():
    """The checks above are only as good as this."""
    code = "def f(own, *, theirs):\n    found = [one for one in own]\n    for kept, (told, _) in found: pass\n"
    code += "    with x as asked: (made := 1)\nclass A:\n    given: int\n"
    assert empty_words({"m.py": ast.parse(code)}) == {f"m.py: {word}" for word in EMPTY_WORDS - {"whys"}}
    assert excused("stages/sft/run.py") and excused("methods/dpo.py") and excused("plan/__init__.py")
    assert not excused("run/worker.py") and not excused("commands/compare/run.py")
