"""Recipe files with some values changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.recipe.document import read_document
from benchbench.recipe.writing import recipe_text, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2e-4, "2e-4"),
        (3.5e-4, "3.5e-4"),
        (0.3, "0.3"),
        (1e-5, "1e-5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e6, "1e6"),
    ],
)
def test_a_number_has_its_shortest_text_and_is_read_back_exactly(value: float, text: str):
    assert short(value) == text and float(text) == value


BASE = """# By hand.
name: kto_tiny
description: KTO.
untuned: true   # for now
setting: tiny
method: {name: kto, hyper: {beta: 0.1}}
data:
  # labels
  transforms:
    - {name: unpaired_from_pairs, splits: [train]}
"""


def test_everything_else_in_a_file_stays(tmp_path: Path):
    base = tmp_path / "kto_tiny.yaml"
    base.write_text(BASE, encoding="utf-8")
    values = {"description": "KTO; tuned.", "method.hyper.beta": 0.5, "preference.learning_rate": 2e-4}
    text = recipe_text(base, values, drop=("untuned",))
    expected = BASE.replace("untuned: true   # for now\n", "").replace("KTO.", "KTO; tuned.").replace("0.1", "0.5")
    assert text == expected + "preference: {learning_rate: 2e-4}\n"


def test_a_recipe_from_nothing_is_read_back(tmp_path: Path):
    values = {
        "name": "a",
        "method": {"name": "cpo", "hyper": {"beta": 1e-6, "words": ["x", 2]}},
        "preference.learning_rate": 0.25,
    }
    (tmp_path / "a.yaml").write_text(recipe_text(None, values), encoding="utf-8")
    read = read_document(tmp_path / "a.yaml").values
    assert read == {"name": "a", "method": values["method"], "preference": {"learning_rate": 0.25}}
