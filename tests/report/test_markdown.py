"""GitHub tables: a head, a rule, rows of the same width, and cells whose text cannot end the cell."""

from __future__ import annotations

from benchbench.report import markdown


def test_a_table_has_a_head_a_rule_and_its_rows():
    made = markdown.table(["method", "mean"], [["dpo", "0.5"], ["simpo", "0.6"]], right=[1])
    assert made.splitlines() == ["| method | mean |", "| :--- | ---: |", "| dpo | 0.5 |", "| simpo | 0.6 |"]


def test_the_keys_of_records_are_the_head():
    assert markdown.records([{"a": "1", "b": "2"}]) == markdown.table(["a", "b"], [["1", "2"]])


def test_a_bar_or_a_backslash_does_not_end_a_cell():
    assert markdown.table(["a|b"], [["\\|"]]).splitlines()[0] == "| a\\|b |"
    assert markdown.table(["a"], [["\\|"]]).splitlines()[2] == "| \\\\\\| |"


def test_a_title_stands_in_bold_above_its_table():
    assert markdown.titled("win rates", [{"a": "1"}]) == ["**win rates**", "", "| a |\n| :--- |\n| 1 |", ""]


def test_remarks_are_one_quotation_with_lists():
    assert markdown.quoted(["head", "- a", "- b", "tail"]) == ["> head", ">", "> - a", "> - b", ">", "> tail"]


def test_a_text_from_elsewhere_ends_no_line_and_begins_no_element():
    assert markdown.table(["a\n| b"], [["<img src=x>\x1b[2J"]]).splitlines() == [
        "| a \\| b |",
        "| :--- |",
        "| &lt;img src=x>\\\\x1b[2J |",
    ]
    assert markdown.quoted(["<script>\n# head", "p <0.0001"]) == ["> &lt;script> # head", ">", "> p <0.0001"]
