"""docs/analyses.md: every analysis of the room, with its inputs and options."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from harness import ROOT, bench

from benchbench import analyses

from .analyses_page import analyses_page


@pytest.mark.parametrize("name", analyses.names())
def test_every_analysis_has_a_section_with_its_columns_and_options(name: str):
    section = analyses_page().split(f"## {name}\n")[1].partition("\n## ")[0]
    analysis = analyses.get(name)
    for wanted in analysis.inputs:
        assert f"Input `{wanted.name}`" in section
        assert all(f"| `{field.name}` | {field.kind}" in section for field in wanted.fields)
    assert all(f"| `{option}` |" in section for option in analysis.options.__dataclass_fields__)
    assert (f"arXiv:{analysis.paper.arxiv}" in section) == bool(analysis.paper.arxiv)
    assert ("(form unverified)" in section) == bool(analysis.open_question)


def test_the_lines_that_run_in_a_checkout_do():
    """But for `logic_table`, which its own test runs."""
    lines = [shlex.split(line) for line in analyses_page().splitlines() if line.startswith("    bench analyse ")]
    for _, *words in lines[:5]:
        if words[1] != "logic_table":
            ended = bench(*(str(ROOT / word) if Path(ROOT / word).is_file() else word for word in words))
            assert ended.code == 0, ended.err
            assert max(map(len, ended.out.splitlines())) <= 80
