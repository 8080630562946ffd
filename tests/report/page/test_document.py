"""The page as Markdown: the same sections, and no text is markup."""

from __future__ import annotations

import re

import pytest

from benchbench.report.page import sections
from benchbench.report.page.document import escaped, fenced, markdown_page
from benchbench.report.page.make import make_page
from tests.report.page.stored import EVIL, bare, stored


@pytest.fixture(scope="module")
def text() -> str:
    return markdown_page(make_page(stored()))


def test_every_section_stands_there_in_order(text: str):
    titles = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert titles == [section.title for section in sections.in_order()]
    assert markdown_page(make_page(bare())).count("\n## ") == len(titles)


def test_figures_lie_beside_it(text: str):
    assert "](figures/margins.svg)" in text and text.count(".svg)") == 9


def test_rows_that_differ_are_marked(text: str):
    assert "| \N{BLACK DIAMOND} method.name |" in text


def test_a_text_with_markup_and_fences_stays_a_text(text: str):
    body = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "window.wrong" in text and "window.wrong" not in body
    assert "<" not in re.sub(r"</?(?:details|summary)>", "", body).replace("```", "")


@pytest.mark.parametrize("evil", [EVIL, "a ``` b", "````", "plain"])
def test_a_fence_is_longer_than_any_within(evil: str):
    first, *_, last = fenced(evil).split("\n")
    fence = first.removesuffix("text")
    assert last == fence and fence not in evil and set(fence) == {"`"}


def test_escaping_leaves_nothing_that_markdown_reads():
    assert escaped("a_b _c_ *d*\n<b>|[x](y) $e$") == r"a_b &#95;c&#95; &#42;d&#42; &lt;b&gt;|[x&#93;(y) \$e\$"
