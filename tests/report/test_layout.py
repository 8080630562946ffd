"""A table as texts is the same table after a walk through JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from benchbench.report.layout import TableLayout

LAYOUT = TableLayout(
    "auc under logp_sum: fraction",
    ("method", "seeds 1, 2", "mean", "marks"),
    (("dpo", "0.51 0.52", "0.515", ""), ("simpo", "0.61 0.62", "0.615", "untuned [x]")),
    ("difference: to dpo", "n: pairs"),
)


def test_json_values_give_the_same_table():
    assert TableLayout.from_json(json.loads(json.dumps(asdict(LAYOUT)))) == LAYOUT


def test_columns_of_numbers_are_all_but_names_and_texts():
    assert LAYOUT.numeric == (1, 2)


def test_the_seeds_of_a_row_share_a_column():
    wide = TableLayout("t", ("method", "seed 1", "seed 2", "mean"), (("dpo", "0.1", "0.2", "0.15"),), ())
    joined = wide.with_joined_seeds(2)
    assert joined.head == ("method", "seeds 1, 2", "mean")
    assert joined.body == (("dpo", "0.1 0.2", "0.15"),)
