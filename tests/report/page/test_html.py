"""The page as HTML, read by a parser: self-contained, and no text is ever markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from benchbench.report.page.html import html_page, script_json
from benchbench.report.page.make import make_page
from tests.report.page.stored import EVIL, bare, stored

LINKS = {"src", "href", "action", "data", "poster", "srcset", "background"}
EMPTY = {"meta", "img", "input", "br", "link"}


class Tree(HTMLParser):
    """Elements in their order, and the text within scripts; every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def text() -> str:
    return html_page(make_page(stored()))


@pytest.fixture(scope="module")
def tree(text: str) -> Tree:
    return Tree(text)


def test_every_element_is_closed_and_every_id_is_there_once(tree: Tree):
    assert tree.open == []
    ids = [attributes["id"] for _, attributes in tree.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = [str(a["href"]) for tag, a in tree.elements if tag == "a"]
    assert anchors and {anchor.removeprefix("#") for anchor in anchors} <= set(ids)


def test_nothing_is_read_from_elsewhere(tree: Tree, text: str):
    for _, attributes in tree.elements:
        for name in LINKS & set(attributes):
            assert str(attributes[name]).startswith(("#", "data:image/svg+xml;base64,"))
    assert re.search(r"@import|url\(", text) is None
    policy = next(a["content"] for tag, a in tree.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'; img-src data:; ") and "unsafe" not in str(policy)


def test_a_text_that_tries_to_end_the_script_stays_in_the_data(tree: Tree, text: str):
    assert len(tree.scripts) == 2, "the answers and the one script"
    data = json.loads(tree.scripts[0])
    assert data["prompts"]["e1"] == [["user", EVIL]]
    assert EVIL in {contest["response"] for contest in data["contests"]}
    assert "window.wrong" not in text.replace(tree.scripts[0], "")
    assert not any(character in text for character in "\u2028\u2029")


@pytest.mark.parametrize("evil", ["</script>", "<!--<script>", "\u2028", "\u2029", "]]>", "&lt;", "\ud83d", "\0"])
def test_json_in_a_script_is_ascii_without_any_character_of_markup(evil: str):
    shown = script_json({evil: [evil]})
    assert shown.isascii() and not set(shown) & set("<>&")
    assert json.loads(shown) == {evil: [evil]}


def test_names_titles_and_cells_are_escaped():
    evil = "<i>x</i>"
    page = html_page(make_page(stored(title=evil, notice=evil, budgets=[evil], commands=[["audit of data", evil]])))
    assert evil not in page and page.count("&lt;i&gt;x&lt;/i&gt;") >= 4


def test_template_tokens_of_a_setting_are_texts(text: str):
    assert "&lt;|user|&gt; {content}" in text and "<|user|>" not in text


def test_equal_comparisons_give_equal_pages(text: str):
    assert html_page(make_page(stored())) == text


def test_a_comparison_of_pair_scores_alone_has_a_page_without_a_browser_of_answers():
    page = Tree(html_page(make_page(bare())))
    assert len(page.scripts) == 1 and "contests" not in {a.get("id") for _, a in page.elements}
    assert any("No answers to look at" in part for part in page.text)


def test_two_tables_of_one_name_are_refused():
    flags = [{"title": "t", "head": ["method"], "body": [["dpo"]]}] * 2
    about = stored().about
    twice = stored(shown=about["shown"] * 2, tables=about["tables"] * 2, flags=flags)
    with pytest.raises(ValueError, match="pair_accuracy_logp_mean"):
        make_page(twice)
