"""docs/methods.md: every method, and BibTeX of nothing but what is known."""

from __future__ import annotations

import dataclasses
import functools
import re

import pytest

from benchbench import methods
from benchbench.core.method import Paper

from . import methods_page as written
from .methods_page import bibtex

methods_page = functools.cache(written.methods_page)
"""The page, made once for all tests."""


@pytest.mark.parametrize("name", methods.names())
def test_a_method_has_its_section_with_equation_and_hyper_parameters(name: str):
    method, page = methods.get(name), methods_page()
    section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert method.equation in section and str(method.paper) in section
    assert all(f"| `{field}` |" in section for field in method.hyper.__dataclass_fields__)
    assert all(place in section for place in method.differs)
    assert bibtex(method) in page


def test_an_entry_has_the_fields_that_the_paper_has_and_no_others():
    known = bibtex(methods.get("dpo"))
    assert known.startswith("@misc{rafailov2023_230518290,\n")
    assert "author = {Rafailov and others}" in known and "eprint = {2305.18290}" in known
    assert re.findall(r"^  (\w+) =", known, flags=re.MULTILINE) == [
        "title",
        "author",
        "year",
        "eprint",
        "archivePrefix",
    ]
    unpublished = bibtex(methods.get("cdpo"))
    assert re.findall(r"^  (\w+) =", unpublished, flags=re.MULTILINE) == ["title", "author", "year"]


def test_keys_of_entries_differ_where_papers_do():
    keys = re.findall(r"@misc\{(\S+),", methods_page())
    assert len(keys) == len(set(keys))
    assert all(isinstance(methods.get(name).paper, Paper) for name in methods.names())


def entry_of(paper: Paper) -> str:
    """The entry of a method that cites the paper."""
    return bibtex(dataclasses.replace(methods.get("dpo"), paper=paper))


def test_a_family_name_of_two_words_stays_one():
    assert "author = {{Ray Chowdhury} and others}," in bibtex(methods.get("rdpo_robust"))
    assert "author = {Hadji-Kyriacou and Arandjelovic}," in bibtex(methods.get("dph"))


def test_signs_that_latex_reads_as_commands_are_escaped():
    """`&` ends a column, `%` the line."""
    assert r"title = {{Noise \& 5\% a\_b}}," in entry_of(Paper("Lee", 2024, title="Noise & 5% a_b"))


def test_entries_are_bibtex():
    """Braces are closed, no sign is left bare, and every field ends with a comma."""
    block = methods_page().split("```bibtex\n")[1].split("```")[0]
    for entry in block.strip().split("\n\n"):
        first, *fields, last = entry.splitlines()
        assert re.fullmatch(r"@misc\{[a-z]+\d{4}(_\d+)?,", first) and last == "}"
        assert all(re.fullmatch(r"  \w+ = \{.+\},", field) for field in fields)
        assert entry.count("{") == entry.count("}")
        assert not re.search(r"(?<!\\)[&%#$]", entry)
