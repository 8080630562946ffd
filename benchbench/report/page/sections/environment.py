"""Devices, versions and settings of the machine that every stage ran with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    frame = comparison.frame("environment")
    if frame.empty:
        return [Paragraph("No environment was recorded.")]
    values = {str(name): _values(rows) for name, rows in frame.groupby("name", sort=False)}
    several = frozenset(place for place, texts in enumerate(values.values()) if len(texts) > 1)
    body = [[name, "; ".join(texts)] for name, texts in values.items()]
    title = "environment of all stages; where stages differ, each value with the rows it is of"
    table = PageTable("environment", title, ["what", "value"], body, marked=several, folded=True)
    if several:
        differing = [name for place, name in enumerate(values) if place in several]
        said = Paragraph(f"Stages differ in {', '.join(differing)}.")
    else:
        said = Paragraph("All stages ran in one environment.")
    return [said, table]


def _values(rows: pd.DataFrame) -> list[str]:
    """The one value of all stages, or every value with the labels and roles that have it."""
    texts = list(dict.fromkeys(str(value) for value in rows["value"]))
    if len(texts) == 1:
        return texts
    shown = []
    for text in texts:
        of_text = rows[rows["value"].astype(str) == text]
        places = dict.fromkeys(f"{label} {role}" for label, role in zip(of_text["label"], of_text["role"], strict=True))
        shown.append(f"{text} ({', '.join(places)})")
    return shown


SECTION = PageSection("environment", 150, "Environment", _blocks)
