"""Sizes and habits that a reader relies on; each test lists every place that breaks one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import ROOT

from tests.house.parsed import calls, package_trees

MOST_LINES = 300
EMPTY_NAMES = {"utils", "helpers", "misc", "manager", "base"}
PICKLES = {"torch.load", "torch.save", "pickle.load", "pickle.dump", "pickle.loads", "pickle.dumps", "joblib.load"}
SEEDS_TORCH = {"models/load.py", "training/gradients.py", "training/step_gradients.py"}
"""Who may set torch's global generator: what transformers initialises from it, and dropout."""


@pytest.fixture(scope="module")
def package() -> dict[str, ast.Module]:
    """Path below the package -> its syntax tree."""
    return package_trees()


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and the public methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            inner = node.body if isinstance(node, ast.ClassDef) else []
            yield from (n for n in inner if isinstance(n, ast.FunctionDef) and not n.name.startswith("_"))


def test_no_module_is_longer_than_the_limit(package: dict[str, ast.Module]):
    lines = {path: len((ROOT / "benchbench" / path).read_text(encoding="utf-8").splitlines()) for path in package}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_every_public_thing_has_a_docstring_that_begins_with_a_sentence(package: dict[str, ast.Module]):
    def sentence(doc: str | None) -> bool:
        return bool(doc) and str(doc).splitlines()[0].rstrip().endswith((".", ":", "...", '".', "?"))

    bare = [
        f"{path}: {node.name}"
        for path, tree in package.items()
        for node in public(tree)
        if not sentence(ast.get_docstring(node))
    ]
    assert bare == []


def test_nothing_is_printed_outside_the_command_line(package: dict[str, ast.Module]):
    assert [path for path, tree in package.items() if "print" in calls(tree)] == []
    spoken = {"sys.stdout.write", "sys.stderr.write", "typer.echo", "sys.exit"}
    assert [path for path, tree in package.items() if spoken & calls(tree) and not path.startswith("cli/")] == []


def test_no_text_of_a_user_is_read_as_markup(package: dict[str, ast.Module]):
    """Rich reads brackets as markup and words between colons as pictures unless it is told not to."""
    unsafe = []
    for path, tree in package.items():
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            told = {word.arg for word in node.keywords if ast.unparse(word.value) == "False"}
            needed = {"Console": {"markup", "emoji"}, "TextColumn": {"markup"}}.get(ast.unparse(node.func), set())
            unsafe += [f"{path}:{node.lineno}"] if needed - told else []
    assert unsafe == []


def test_nobody_draws_from_a_global_generator(package: dict[str, ast.Module]):
    def draws(tree: ast.Module) -> bool:
        names = calls(tree) - {"np.random.default_rng", "np.random.SeedSequence"}
        return any(name.startswith(("np.random.", "random.", "numpy.random.")) for name in names)

    assert [path for path, tree in package.items() if draws(tree)] == []
    assert {path for path, tree in package.items() if "torch.manual_seed" in calls(tree)} <= SEEDS_TORCH


def test_nobody_hashes_with_what_differs_from_process_to_process(package: dict[str, ast.Module]):
    assert [path for path, tree in package.items() if "hash" in calls(tree)] == []


def test_no_pickle_is_read_or_written(package: dict[str, ast.Module]):
    assert [path for path, tree in package.items() if PICKLES & calls(tree)] == []


def test_no_name_says_nothing(package: dict[str, ast.Module]):
    assert [path for path in package if EMPTY_NAMES & set(Path(path).with_suffix("").parts)] == []


def test_the_walk_sees_what_it_should_refuse():
    """The checks above are only as good as this."""
    tree = ast.parse("def f():\n    print(torch.load('x'), hash('y'))\n    np.random.rand(3)\n")
    assert {"print", "torch.load", "hash", "np.random.rand"} <= calls(tree)
    assert [node.name for node in public(tree)] == ["f"]


def test_every_folder_of_tests_is_a_package_and_every_file_says_what_it_holds():
    files = sorted((ROOT / "tests").rglob("*.py"))
    folders = {path.parent for path in files} - {ROOT / "tests"}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []
    says = re.compile(r'(#.*\n|\n)*r?"""\S')
    assert [str(path) for path in files if not says.match(path.read_text(encoding="utf-8"))] == []
