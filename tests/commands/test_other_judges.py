"""Rows of one table are judged by one judge; another template or file of verdicts is another judge."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, bench, generate_section

TEMPLATE = "{conversation} {first} {second} say %s"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    judge = """judge:
  name: chat_endpoint
  against: [chosen]
  options: {base_url: "http://127.0.0.1:9", model: m, template: one.txt}
"""
    setting = MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4) + judge
    (tmp_path / "mine.yaml").write_text(setting, encoding="utf-8")
    for name in ("one", "other", "same"):
        text = TEMPLATE % ("other" if name == "other" else "one")
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
        recipe = (
            f"name: dpo_{name}\nsetting: micro\nmethod: {{name: dpo}}\njudge: {{options: {{template: {name}.txt}}}}\n"
        )
        (tmp_path / f"dpo_{name}.yaml").write_text(recipe, encoding="utf-8")
    return tmp_path


def plan(world: Path, name: str, *words: str):
    line = ("compare", world / f"dpo_{name}.yaml", "--setting", world / "mine.yaml", "--seeds", 1)
    return bench(*line, *words, "--dry-run", "--runs", world / "runs")


def test_another_template_is_another_judge(world: Path):
    ended = plan(world, "other")
    assert ended.code == 2, ended.out
    assert "the verdicts are of different judges" in ended.err
    assert "dpo: chat_endpoint m (" in ended.err and "sft: chat_endpoint m (" in ended.err
    assert "--allow-different" in ended.err


def test_an_audit_may_have_both(world: Path):
    assert plan(world, "other", "--allow-different").code == 0


def test_the_same_text_at_another_place_is_the_same_judge(world: Path):
    ended = plan(world, "same")
    assert ended.code == 0, ended.err
