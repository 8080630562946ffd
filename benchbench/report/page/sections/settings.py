"""The hyper-parameters of all rows, with what differs between them marked."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison

ABSENT = "-"
"""Of a key that a row's recipe does not have."""


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    frame, labels = comparison.frame("settings"), comparison.about["labels"]
    values = {
        (str(k), str(label)): str(v) for k, label, v in zip(frame["key"], frame["label"], frame["value"], strict=True)
    }
    keys = list(dict.fromkeys(str(key) for key in frame["key"]))
    rows = {key: [values.get((key, label), ABSENT) for label in labels] for key in keys}
    different = [key for key in keys if len(set(rows[key])) > 1 and key not in _NAMES]
    same = [key for key in keys if len(set(rows[key])) == 1]
    blocks: list[Block] = []
    if different:
        body = [[key, *rows[key]] for key in different]
        title = f"what differs: {len(different)} of {len(keys)} settings"
        blocks.append(PageTable("settings", title, ["setting", *labels], body, marked=frozenset(range(len(body)))))
    else:
        blocks.append(Paragraph("No setting differs between the rows."))
    title = f"what is the same for all rows: {len(same)} settings"
    body = [[key, rows[key][0]] for key in same]
    return [*blocks, PageTable("settings_shared", title, ["setting", "value"], body, folded=True)]


_NAMES = ("name",)
"""Keys that name a recipe, and set nothing."""

SECTION = PageSection("settings", 120, "Hyper-parameters", _blocks)
