"""What every analysis declares, and what every result of one looks like."""

from __future__ import annotations

import re

import pytest

from benchbench import analyses
from benchbench.core.analysis import Analysed
from benchbench.core.fields import field_docs

WITHOUT_INPUT = [name for name in analyses.names() if all(one.optional for one in analyses.get(name).inputs)]


@pytest.mark.parametrize("name", analyses.names())
def test_inputs_and_options_are_declared_in_full(name: str):
    analysis = analyses.get(name)
    names = [wanted.name for wanted in analysis.inputs]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[a-z]+", each) for each in names)
    assert [wanted.optional for wanted in analysis.inputs] == sorted(wanted.optional for wanted in analysis.inputs)
    for wanted in analysis.inputs:
        columns = [field.name for field in wanted.fields]
        assert len(set(columns)) == len(columns) and wanted.meaning.endswith(".")
        assert all(field.meaning.endswith(".") for field in wanted.fields)
    assert set(field_docs(analysis.options)) == set(analysis.options.__dataclass_fields__)
    assert analysis.title and not analysis.title.endswith(".") and analysis.paper.arxiv
    assert not analysis.open_question or analysis.open_question.endswith(".")


def check(analysed: Analysed) -> None:
    """Tables, charts and files have names of their own, and every table's rows the same keys."""
    names = [table.name for table in analysed.tables] + [chart.name for chart in analysed.charts]
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
    assert len({table.name for table in analysed.tables}) == len(analysed.tables)
    for table in analysed.tables:
        assert len({tuple(row) for row in table.rows}) <= 1
    for chart in analysed.charts:
        assert all(len(line.x) == len(line.y) for line in chart.lines)


@pytest.mark.parametrize("name", [name for name in WITHOUT_INPUT if name != "logic_table"])
def test_results_without_any_input(name: str):
    """But for `logic_table`, which takes long and has a test of its own."""
    analysis = analyses.get(name)
    check(analysis.analyse({}, analysis.options()))
    assert analysis.analyse({}, analysis.options()) == analysis.analyse({}, analysis.options())
