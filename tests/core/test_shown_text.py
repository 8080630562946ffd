"""Texts from elsewhere on a terminal."""

from __future__ import annotations

from benchbench.report.plain_text import visible, wrapped_text


def test_what_moves_the_cursor_is_shown_and_not_obeyed():
    assert visible("a\x1b[31mred\r\n\tb\u202e") == "a\\x1b[31mred\\r\\n\\tb\\u202e"
    assert visible("a\nb", keep="\n") == "a\nb"
    assert visible("\U000e0001 caf\u00e9 \u4f60") == "\\U000e0001 caf\u00e9 \u4f60"
    assert visible("\ud800") == "\\ud800"


def test_lines_of_a_text_stay_apart_and_fit():
    assert wrapped_text("one two\n\n  three", 20) == ["one two", "", "  three"]
    assert wrapped_text("one two three", 8) == ["one two", "three"]
    assert wrapped_text("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert wrapped_text("\u4f60\u597d\u4f60\u597d", 4) == ["\u4f60\u597d", "\u4f60\u597d"], "two columns each"
    assert wrapped_text("", 9) == [""]
