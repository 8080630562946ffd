"""docs/analyses.md: every analysis of the room, with its inputs and options."""

from __future__ import annotations

import pytest

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
