"""The command that makes each line of the page again."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, CommandLines, PageSection
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    about = comparison.about
    lines = [(str(what), str(line)) for what, line in about["commands"]]
    return [CommandLines([*lines, ("this page", f"bench report {about['id']}")])]


SECTION = PageSection("commands", 160, "Commands", _blocks)
