"""docs/methods.md: every method, and BibTeX of nothing but what is known."""

from __future__ import annotations

import re

import pytest

from benchbench import methods
from benchbench.core.method import Paper

from .methods_page import bibtex, methods_page


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
