"""Texts from elsewhere, where people and programs read them."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.shown_text import csv_cell, name_fault, one_line, require_name, visible


def test_what_moves_the_cursor_is_shown_and_not_obeyed():
    assert visible("a\x1b[31mred\r\n\tb\u202e") == "a\\x1b[31mred\\r\\n\\tb\\u202e"
    assert visible("a\nb", keep="\n") == "a\nb"
    assert visible("\U000e0001 caf\u00e9 \u4f60") == "\\U000e0001 caf\u00e9 \u4f60"
    assert visible("\ud800") == "\\ud800"


def test_a_line_ends_no_cell_and_begins_no_element():
    assert one_line("a\nb\r\nc") == "a b c"
    assert one_line("<script>alert(1)</script> <!-- -->") == "&lt;script>alert(1)&lt;/script> &lt;!-- -->"
    assert one_line("p <0.0001, x < y") == "p <0.0001, x < y"
    assert one_line("a\x1b]0;title\x07") == "a\\x1b]0;title\\x07"


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_a_cell_that_spreadsheets_would_compute_is_text(text: str):
    assert csv_cell(text) == f"'{text}"


def test_a_cell_holds_nothing_that_a_terminal_obeys_and_keeps_its_letters():
    assert csv_cell("a\x1b[31m\x00\u202eb\ud800") == "a\\x1b[31m\\x00\\u202eb\\ud800"
    assert csv_cell("=\x07") == "'=\\x07" and csv_cell("\r=1") == "'\\r=1"
    kept = "two\nlines\tof \U0001f469\u200d\U0001f680 \u0646\u200c\u0646"
    assert csv_cell(kept) == kept


@pytest.mark.parametrize("text", ["-0.25", "+3", "-1e-7", "-inf", "0.5", "dpo", "", "a=b"])
def test_numbers_and_other_texts_stay(text: str):
    assert csv_cell(text) == text


@pytest.mark.parametrize("name", ["tiny", "dpo_tiny", "lr5e-7", "my setting", "\u4f60\u597d", "train+extra", "v1.2"])
def test_names_that_can_be_files_names(name: str):
    assert require_name(name, where="setting") == name


@pytest.mark.parametrize(
    "name",
    ["", " tiny", "../evil", "a/b", "a\\b", "/etc/passwd", ".", "..", ".hidden", "~root", "a\0b", "a\nb", "\x1b[31m"]
    + ["=1+1", "@x", "-rf", "\u202etxt", "x" * 121, "\ud800"],
)
def test_names_that_cannot(name: str):
    fault = name_fault(name)
    assert fault is not None and fault.startswith("expected a name ") and visible(fault) == fault
    with pytest.raises(BenchError, match=r"^setting: expected a name .*; rename it$"):
        require_name(name, where="setting")
