"""A table as texts is the same table after a walk through JSON, at every width."""

from __future__ import annotations

import io
import json
from dataclasses import asdict

import pytest
from rich.console import Console

from benchbench.report.layout import TableLayout, terminal_layout

LAYOUT = TableLayout(
    "auc under logp_sum: fraction",
    ("method", "seeds 1, 2", "mean", "marks"),
    (("dpo", "0.51 0.52", "0.515", ""), ("simpo", "0.61 0.62", "0.615", "untuned [x]")),
    ("difference: to dpo", "n: pairs"),
)


def shown(layout: TableLayout, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(terminal_layout(layout))
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 1000])
def test_json_values_give_the_same_table(width: int):
    again = TableLayout.from_json(json.loads(json.dumps(asdict(LAYOUT))))
    assert again == LAYOUT
    assert shown(again, width) == shown(LAYOUT, width)


def test_title_names_rows_and_footnotes_are_shown_as_they_are_written():
    text = shown(LAYOUT, 200)
    for part in (LAYOUT.title, *LAYOUT.head, "untuned [x]", *LAYOUT.footnotes):
        assert part in text


def test_the_seeds_of_a_row_share_a_column():
    wide = TableLayout("t", ("method", "seed 1", "seed 2", "mean"), (("dpo", "0.1", "0.2", "0.15"),), ())
    joined = wide.with_joined_seeds(2)
    assert joined.head == ("method", "seeds 1, 2", "mean")
    assert joined.body == (("dpo", "0.1 0.2", "0.15"),)
