"""A method from a file: called after its content, read once, and refused where it is not what it should be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchbench import methods
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.method import plain_name

from .own_files import SPOILED, write_method
from .toys import random_scores

OF_FILES = [words for words in SPOILED if words.startswith(("raises", "leaves", "has"))]


def test_its_name_ends_with_its_content(tmp_path: Path):
    path = write_method(tmp_path)
    first = methods.get("mine", file=str(path))
    assert plain_name(first.name) == "mine" and len(first.name.partition("+")[2]) == 16
    path.write_text(path.read_text() + "# another line\n")
    second = methods.get("mine", file=str(path))
    assert second.name != first.name
    assert methods.get(first.name).name == first.name, "both stay, each under its own content"


def test_it_is_executed_once_and_leaves_no_bytecode(tmp_path: Path):
    path = write_method(
        tmp_path,
        swap=(
            "from typing import TYPE_CHECKING\n",
            "from typing import TYPE_CHECKING\nimport sys\nsys.calls = sys.calls + 1\n",
        ),
    )
    sys.calls = 0  # pyright: ignore[reportAttributeAccessIssue]
    for _ in range(3):
        method = methods.get("mine", file=str(path))
    assert sys.calls == 1  # pyright: ignore[reportAttributeAccessIssue]
    assert [p.name for p in tmp_path.rglob("*")] == ["mine.py"]
    assert method.loss(random_scores(method), method.hyper()).shape == (5,)


def test_content_that_was_planned_is_required(tmp_path: Path):
    path = write_method(tmp_path)
    planned = methods.get("mine", file=str(path)).name
    path.write_text(path.read_text() + "# another line\n")
    with pytest.raises(BenchError, match="changed since it was planned") as refused:
        methods.get(planned, file=str(path))
    assert refused.value.exit_code == ExitCode.UNAVAILABLE


@pytest.mark.parametrize("words", OF_FILES)
def test_a_file_that_is_no_method_says_what_was_expected(tmp_path: Path, words: str):
    before, after, said = SPOILED[words]
    path = write_method(tmp_path, swap=(before, after))
    with pytest.raises(BenchError) as refused:
        methods.get("mine", file=str(path))
    assert said in str(refused.value) and str(path) in str(refused.value)
    assert "expected" in str(refused.value) and "; " in str(refused.value)


def test_an_error_at_import_names_its_line(tmp_path: Path):
    path = write_method(
        tmp_path, swap=("from typing import TYPE_CHECKING\n", "from typing import TYPE_CHECKING\n1 / 0\n")
    )
    line = path.read_text().splitlines().index("1 / 0") + 1
    with pytest.raises(BenchError, match=rf"ZeroDivisionError: division by zero \(line {line}\)"):
        methods.get("mine", file=str(path))


@pytest.mark.parametrize(("name", "said"), [("dpo", "no built-in method has"), ("my-method", "letters, digits and _")])
def test_a_name_that_is_taken_or_none_is_refused_before_the_file_runs(tmp_path: Path, name: str, said: str):
    path = write_method(tmp_path).rename(tmp_path / f"{name}.py")
    path.write_text("raise AssertionError('it ran')\n")
    with pytest.raises(BenchError, match=said):
        methods.get(name, file=str(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BenchError, match=r"nowhere\.py: no such file"):
        methods.get("nowhere", file=str(tmp_path / "nowhere.py"))


def test_nothing_is_imported_from_a_file_that_was_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Not from the working folder, and not from the folder of the file that was named."""
    monkeypatch.chdir(tmp_path)
    write_method(tmp_path, "unnamed")
    with pytest.raises(BenchError, match="unknown method 'unnamed'"):
        methods.get("unnamed")
    path = write_method(
        tmp_path, swap=("from typing import TYPE_CHECKING\n", "from typing import TYPE_CHECKING\nimport unnamed\n")
    )
    with pytest.raises(BenchError, match="No module named 'unnamed'"):
        methods.get("mine", file=str(path))
