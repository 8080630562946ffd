"""Room of sections: one file each, found by file name; each says where on the page it stands."""

from __future__ import annotations

import sys

from benchbench.core import room
from benchbench.report.page.blocks import PageSection


def names() -> tuple[str, ...]:
    """Names of all sections, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> PageSection:
    """The section of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="section", constant="SECTION")


def in_order() -> list[PageSection]:
    """All of them, as they stand on a page."""
    return sorted(map(get, names()), key=lambda section: (section.place, section.name))
