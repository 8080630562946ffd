"""docs/performance.md has the stored numbers, and says so where they are of a busy machine."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import NUMBERS, PAGE
from benchmarks.report import BEGIN, END, document_text, number, page, write_page
from benchmarks.sections import Result, read

DOCUMENT = {
    "hardware": {"processor": "P", "cores": 2, "memory_gib": 8.0},
    "versions": {"torch": "2"},
    "sections": {"feas-fp32": Result("DPO", {"ours": {"a": 1234.5, "b": 0.51234}}, {"f": 0.0}, 0.1).as_json()},
}


def test_the_page_has_the_stored_numbers():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, read(NUMBERS)), "run `python -m benchmarks --write`"


def test_numbers_are_written_to_three_digits():
    known = {0.0: "0", 1.0: "1", 12.345: "12.3", 1234.5: "1234", 4.2e-7: "4.2e-07", 1.5e6: "1.5e+06"}
    assert {value: number(value) for value in known} == known


def test_a_section_is_a_table_and_its_facts():
    text = document_text(DOCUMENT)
    assert "Machine: processor P, cores 2, memory gib 8.0." in text and "Versions: torch 2." in text
    assert "| ours | 1234 | 0.512 |" in text and "- f: 0" in text and "busy" not in text.replace("cores busy", "")


def test_an_empty_document_says_so():
    assert document_text({}) == "Nothing was measured yet.\n"


def test_only_what_stands_between_the_marks_is_made_anew(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_page(path, DOCUMENT)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n\nMachine") and text.endswith(f"\n\n{END}\nafter\n") and "old" not in text
    with pytest.raises(ValueError, match="a page without one of them"):
        page("no marks", DOCUMENT)
