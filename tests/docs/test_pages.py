"""Pages of docs/ that are made from the code say what the code says."""

from __future__ import annotations

import re

import pytest

from benchbench.recipe.schema import Recipe
from benchbench.recipe.section import Section

from .pages import DOCS, PAGES, cli_page, commands, main
from .recipe_page import recipe_page

ROW = re.compile(r"\| `(?P<key>[^`]+)` \| (?P<type>.+?) \| (?P<default>.+?) \| (?P<meaning>.*) \|")
FIX = "run `make docs` and commit what it wrote"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name: str):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), FIX


def test_a_page_that_is_not_current_is_named(monkeypatch: pytest.MonkeyPatch):
    assert main([]) is None
    monkeypatch.setitem(PAGES, "cli.md", lambda: "another one")
    assert main([]) == "not current: docs/cli.md; run `make docs`"


def keys_of(model: type[Section], prefix: str = "") -> list[str]:
    """Dotted key of every field below a section, found by what the schema accepts."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(f"{prefix}{name}")
        inner = re.findall(r"[\w.]+", str(field.annotation))
        for section in [s for s in every_section() if s.__name__ in {word.rsplit(".")[-1] for word in inner}]:
            several, named = "tuple[" in str(field.annotation), "dict[" in str(field.annotation)
            keys += keys_of(section, f"{prefix}{name}{'[]' if several else '.NAME' if named else ''}.")
    return keys


def every_section(of: type[Section] = Section) -> set[type[Section]]:
    return {of} | {below for inner in of.__subclasses__() for below in every_section(inner)}


def test_every_key_of_a_recipe_is_on_the_page_with_its_meaning():
    rows = {row["key"]: row for row in map(ROW.match, recipe_page().splitlines()) if row is not None}
    shared = {key for key in rows if "." not in key}
    for key in keys_of(Recipe):
        stage, _, field = key.partition(".")
        assert key in rows or (stage in ("sft", "reward_model", "preference") and field in shared), key
    assert [key for key, row in rows.items() if not row["meaning"].strip()] == []


def test_types_bounds_and_defaults_are_in_a_recipe_authors_words():
    lines = recipe_page().splitlines()
    assert "| `learning_rate` | number, > 0 | required | Peak learning rate, per optimizer step. |" in lines
    assert any(line.startswith("| `score.tie_credit` | number, >= 0, <= 1 | required |") for line in lines)
    assert any(line.startswith("| `truncation` | `right`, `left`, `drop`, `error` or none | none |") for line in lines)
    assert any(line.startswith("| `disable_dropout` | true or false | true |") for line in lines)
    assert any(line.startswith("| `beta` | number | `2.0` | Reward per nat-per-token") for line in lines)  # simpo
    assert any(line.startswith("| `dataset_name` | text | required | Hub id") for line in lines)


def test_help_is_what_the_command_prints_at_80_columns(monkeypatch: pytest.MonkeyPatch):
    from harness import bench

    monkeypatch.setenv("COLUMNS", "80")
    shown = dict(commands())
    for words in ("bench", "bench compare", "bench recipes show"):
        ended = bench(*words.split()[1:], "--help")
        assert ended.out.rstrip() == shown[words].rstrip()
    assert max(len(line) for text in shown.values() for line in text.splitlines()) <= 80
    assert all(f"## {words}\n" in cli_page() for words in shown)
