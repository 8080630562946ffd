"""A page as GitHub Markdown, with its figures beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench.core.shown_text import visible
from benchbench.report import markdown
from benchbench.report.page.blocks import (
    AnswerBrowser,
    Block,
    CommandLines,
    Page,
    PageFigure,
    PageTable,
    Paragraph,
)

SHOWN_CONTESTS = 6
"""Contests of answers that stand in a document, which has no filter."""


def markdown_page(page: Page, *, figures: str = "figures") -> str:
    """The whole document.

    Args:
        page: to be written.
        figures: folder of the SVG files, as the document refers to it.
    """
    lines = [f"# {escaped(page.title)}", ""]
    lines += [f"> {escaped(page.notice)}", ""] if page.notice else []
    for section, blocks in page.sections:
        lines += [f"## {section.title}", ""]
        for block in blocks:
            lines += [*_lines(block, figures), ""]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """A text in one line in which no character is markup, and none moves a cursor."""
    return _plain(re.sub(r"([\\#~$])", r"\\\1", _one_line(text)))


def fenced(text: str) -> str:
    """A text as it is, save that a terminal would obey nothing in it, within a fence that is longer than any in it."""
    text = visible(text, keep="\n\t")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _lines(block: Block, figures: str) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield escaped(block.text)
    elif isinstance(block, CommandLines):
        yield "\n\n".join(f"{escaped(what)}:\n\n{fenced(line)}" for what, line in block.lines)
    elif isinstance(block, PageFigure):
        yield f"![{escaped(block.caption)}]({figures}/{block.name}.svg)"
        yield ""
        yield escaped(block.caption)
    elif isinstance(block, PageTable):
        yield from _table(block)
    elif isinstance(block, AnswerBrowser):
        yield from _contests(block)
    else:
        yield from (f"- {escaped(text)}" for text in block.texts)


def _table(block: PageTable) -> Iterator[str]:
    mark = "\N{BLACK DIAMOND} " if block.marked else ""
    body = [
        [_cell(cell) if place or number not in block.marked else mark + _cell(cell) for place, cell in enumerate(row)]
        for number, row in enumerate(block.body)
    ]
    table = markdown.table([_cell(name) for name in block.head], body, right=block.right)
    title = f"**{escaped(block.title)}**"
    yield from (
        [f"<details><summary>{escaped(block.title)}</summary>", "", table, "", "</details>"]
        if block.folded
        else [title, "", table]
    )
    if block.notes:
        yield ""
        yield from (f"- {escaped(note)}" for note in block.notes)


def _cell(text: str) -> str:
    """A cell's text; `markdown.table` escapes backslashes and bars itself."""
    return _plain(text)


def _plain(text: str) -> str:
    """A text in one line without elements, emphasis, code and links; an underscore within a word is none of them."""
    flat = _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "&#95;", flat)
    return flat.replace("*", "&#42;").replace("`", "&#96;").replace("](", "&#93;(")


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def _some(contests: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Contests from all over, each of another prompt where it can be; all of them where there are few."""
    count = len(contests)
    if count <= SHOWN_CONTESTS:
        return contests
    places = dict.fromkeys((n * count // SHOWN_CONTESTS + n) % count for n in range(SHOWN_CONTESTS))
    return [contests[place] for place in places]


def _contests(block: AnswerBrowser) -> Iterator[str]:
    shown = _some(block.contests)
    yield f"{len(shown)} of {block.total} contests; the page in HTML has a browser of them."
    for contest in shown:
        against = f" against {contest['opponent']}" if contest["opponent"] else ""
        yield ""
        yield f"**{escaped(contest['label'] + against)}, seed {contest['seed']}, {escaped(contest['example'])}: " + (
            f"{contest['winner']}**"
        )
        for role, text in contest["prompt"]:
            yield from ("", f"{escaped(role)}:", "", fenced(text))
        yield from ("", f"{escaped(contest['label'])}:", "", fenced(contest["response"]))
        if contest["opponent"]:
            yield from ("", f"{escaped(contest['opponent'])}:", "", fenced(contest["other"]))
        for verdict in contest["verdicts"]:
            outcome = "no verdict" if verdict["outcome"] is None else f"{contest['label']} earns {verdict['outcome']:g}"
            yield from ("", f"order {verdict['order']}: {escaped(outcome)}")
