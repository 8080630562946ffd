"""The page in a headless browser: nothing is complained of, everything is there, and answers are found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchbench.report.page.html import html_page
from benchbench.report.page.make import make_page
from tests.report.page.browser import Browser, browser, program
from tests.report.page.stored import EVIL, LABELS, stored

PROGRAM = program()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
)
PAGE = make_page(stored())
WIDTHS = (1280, 400)
SHOTS = os.environ.get("BENCH_SCREENSHOTS")
"""Folder for pictures of the page, for who wants to look at them."""

ROW, WINNER, SEARCH = "pick-label", "pick-winner", "search"
HEADS = "[...document.querySelectorAll('.contest h3')].map(head => head.textContent)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html_page(PAGE), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    assert PROGRAM is not None
    with browser(PROGRAM) as running:
        yield running


def pick(opened: Browser, control: str, value: str) -> list[str]:
    """Choose or type as a user does; the heads of the contests that are shown then."""
    event = "input" if control == SEARCH else "change"
    opened.value(
        f"(() => {{ const c = document.getElementById({control!r}); c.value = {value!r}; "
        f"c.dispatchEvent(new Event({event!r})); }})()"
    )
    return opened.value(HEADS)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_whole_and_fits_the_window(opened: Browser, page: Path, width: int):
    opened.open(page, width=width)
    opened.value("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    assert opened.complaints == []
    assert opened.addresses == [page.as_uri()], "nothing is read from elsewhere"
    pictures = opened.value(
        "Promise.all([...document.images].map(image => image.decode().then(() => [image.naturalWidth, "
        "image.getBoundingClientRect().right])))"
    )
    assert len(pictures) == len(PAGE.figures) >= 8
    assert all(natural > 0 and right <= width for natural, right in pictures)
    assert opened.value("document.documentElement.scrollWidth") <= width
    beyond = opened.value(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, pre') && "
        f"e.getBoundingClientRect().right > {width} + 1).map(e => e.outerHTML.slice(0, 80))"
    )
    assert beyond == []
    letters = opened.value("parseFloat(getComputedStyle(document.querySelector('td')).fontSize)")
    assert letters >= 12
    if SHOTS:
        opened.shoot(Path(SHOTS) / f"page_{width}.png")


def test_answers_are_found_by_row_by_who_won_and_by_words(opened: Browser, page: Path):
    opened.open(page, width=1280)
    heads = opened.value(HEADS)
    assert len(heads) == 20 and opened.value("document.getElementById('contest-count').textContent").startswith(
        "20 of 24"
    )
    assert all(head.startswith("simpo against dpo") for head in pick(opened, ROW, "simpo"))
    won = pick(opened, WINNER, "won")
    assert len(won) == 3 and all(head.endswith("won") and "e0" in head for head in won)
    assert all("e3" in head for head in pick(opened, WINNER, "missing"))
    assert all("e1" in head for head in pick(opened, WINNER, "disagree"))
    pick(opened, WINNER, "")
    assert len(pick(opened, SEARCH, "simpo says E2 42")) == 1
    assert pick(opened, SEARCH, "nowhere") == []
    assert opened.value("document.getElementById('contest-count').textContent") == "0 of 0 that match shown"


def test_more_shows_the_rest(opened: Browser, page: Path):
    opened.open(page, width=1280)
    opened.value("document.getElementById('more').click()")
    assert len(opened.value(HEADS)) == 24 == (len(LABELS) - 1) * 3 * 4
    assert opened.value("document.getElementById('more').hidden")


def test_a_prompt_with_markup_and_script_is_shown_as_it_is(opened: Browser, page: Path):
    opened.open(page, width=1280)
    pick(opened, SEARCH, "window.wrong")
    shown = opened.value("[...document.querySelectorAll('.contest .text')].map(text => text.textContent)")
    assert EVIL in shown
    assert opened.value("document.querySelectorAll('.contest img, .contest script, .contest b').length") == 0
    assert opened.value("typeof window.wrong") == "undefined"
    assert opened.complaints == []


def test_both_orders_stand_below_the_answers(opened: Browser, page: Path):
    opened.open(page, width=1280)
    pick(opened, WINNER, "disagree")
    lines = opened.value("[...document.querySelector('.contest').querySelectorAll('.verdict')].map(v => v.textContent)")
    assert lines == [
        "simpo shown first: simpo earns 1 (judge of e1)",
        "simpo shown second: simpo earns 0 (judge of e1)",
    ]
