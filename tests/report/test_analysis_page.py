"""Results of an analysis as Markdown, CSV and SVG."""

from __future__ import annotations

import math
from dataclasses import replace

from benchbench.core.analysis import Analysed, ChartLine, LineChart, ResultTable
from benchbench.report.analysis_page import analysis_document, chart_svg, csv_text

TABLE = ResultTable("values", "Values", [{"name": "a|b", "value": 1 / 3}, {"name": "c", "value": math.nan}])
CHART = LineChart("curve", "A curve", "step", "nats", [ChartLine("a < b", [0, 1], [0.0, -1.0])])


def test_numbers_stand_in_full_in_csv():
    assert csv_text(TABLE) == "name,value\na|b,0.3333333333333333\nc,nan\n"


def test_no_cell_of_a_csv_file_begins_a_formula():
    table = replace(TABLE, rows=({"name": "=cmd()", "value": -0.5}, {"name": "-1.5", "value": "@x"}))
    assert csv_text(table) == "name,value\n'=cmd(),-0.5\n-1.5,'@x\n"


def test_the_document_has_command_tables_charts_and_notes():
    text = analysis_document("Title", "A paper", "bench analyse x", Analysed([TABLE], ["a note"], [CHART]))
    assert text.startswith("# Title\n\nA paper. Made by `bench analyse x`.\n")
    assert "| a\\|b | 0.3333 |" in text
    assert "![A curve](curve.svg)" in text and text.endswith("- a note\n")


def test_a_table_without_rows_says_so():
    assert "**Values**\n\nNone.\n" in analysis_document("T", "P", "c", Analysed([ResultTable("v", "Values", [])]))


def test_a_chart_is_svg_with_its_words_and_the_same_every_time():
    text = chart_svg(CHART)
    assert "<svg" in text and "A curve" in text and "a &lt; b" in text
    assert text == chart_svg(CHART)
