"""Where a method's file is written in a recipe, and where its path starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.recipe.method_file import place_method_file, split_method_file


@pytest.mark.parametrize(
    ("target", "split"),
    [
        ("./mine.py", ("./mine.py", "default")),
        ("mine.py@strong", ("mine.py", "strong")),
        ("a@b/mine.py", ("a@b/mine.py", "default")),
        ("mine.py@", None),
        ("dpo", None),
        ("ipo@sum", None),
        ("recipes/mine.yaml", None),
    ],
)
def test_a_target_is_a_file_with_or_without_a_variant(target: str, split: tuple[str, str] | None):
    assert split_method_file(target) == split


FOLDERS = {"method.name": Path("/names"), "method.file": Path("/files")}


@pytest.mark.parametrize(
    ("method", "placed"),
    [
        ({"name": "own/mine.py"}, {"name": "mine", "file": "/names/own/mine.py"}),
        ({"file": "mine.py"}, {"name": "mine", "file": "/files/mine.py"}),
        ({"file": "/there/mine.py", "name": "mine+0"}, {"name": "mine+0", "file": "/there/mine.py"}),
        ({"name": "dpo"}, {"name": "dpo"}),
        ({"name": 3}, {"name": 3}),
        ({"file": 3}, {"file": 3}),
    ],
)
def test_a_path_becomes_absolute_from_where_it_was_written(method: dict, placed: dict):
    values = {"method": method}
    place_method_file(values, FOLDERS.__getitem__)
    assert values["method"] == placed
