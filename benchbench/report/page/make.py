"""From a stored comparison to its page: every section of the room, in its order."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page import sections
from benchbench.report.page.blocks import Block, Page, PageSection
from benchbench.store.comparison_folders import StoredComparison


def make_page(comparison: StoredComparison) -> Page:
    """The blocks of every section.

    Raises:
        ValueError: two tables or figures of one name, or a section that shows nothing.
    """
    shown = [(section, _shown(section, comparison)) for section in sections.in_order()]
    page = Page(str(comparison.about["title"]), str(comparison.about["notice"]), shown)
    for kind in (page.figures, page.tables):
        names = [block.name for block in kind]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"expected one table or figure of each name, found several of {', '.join(twice)}")
    return page


def _shown(section: PageSection, comparison: StoredComparison) -> Sequence[Block]:
    blocks = section.blocks(comparison)
    if not blocks:
        raise ValueError(f"section {section.name}: expected something to show, or a sentence why there is nothing")
    return blocks
