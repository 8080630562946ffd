"""Every relative link of every Markdown file leads to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness import ROOT

SKIPPED = {".venv", ".git", ".pytest_cache", ".hypothesis", "runs", "node_modules"}
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def documents(root: Path = ROOT) -> list[Path]:
    """The Markdown files of a checkout."""
    files = sorted(root.rglob("*.md"))
    return [path for path in files if not SKIPPED & set(path.relative_to(root).parts)]


def anchors(text: str) -> set[str]:
    """What a heading is called in a link, as GitHub has it."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(document: Path) -> list[str]:
    """The links of a document that lead nowhere."""
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    lost = []
    for target in (match["target"] for match in LINK.finditer(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = document.parent / name if name else document
        is_lost = not place.exists() or (anchor and anchor not in anchors(place.read_text(encoding="utf-8")))
        lost += [target] if is_lost else []
    return lost


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path):
    assert broken(document) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path):
    (tmp_path / "a.md").write_text("# One `two`: three\n\n[b](b.md) [c](#one-two-three) [d](#other) [e](a.md#one)\n")
    assert broken(tmp_path / "a.md") == ["b.md", "#other", "a.md#one"]


def test_every_page_of_the_documentation_is_linked_from_the_readme_or_a_page_it_links():
    texts = {path: path.read_text(encoding="utf-8") for path in documents()}
    linked = {
        (path.parent / match["target"].partition("#")[0]).resolve()
        for path, text in texts.items()
        for match in LINK.finditer(text)
    }
    pages = {path for path in texts if path.parent == ROOT / "docs"}
    assert sorted(str(path) for path in pages - linked) == []
