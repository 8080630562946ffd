"""The ledger as a table and as tidy rows."""

from __future__ import annotations

import math

from benchbench.report.ledger import ledger_frame, shown_ledger
from tests.comparison.test_ledger import drawing, row


def test_a_table_says_what_every_row_was_given_and_took():
    first, second = shown_ledger({"dpo": [row(), row(seed=2, kl=2.0)], "dpo@iterative": [drawing()]})
    assert first == {
        "method": "dpo",
        "rows from": "split",
        "prompts": "3,000",
        "responses": "0",
        "generated tokens": "0",
        "labels": "3,000 pairs",
        "updates": "188 of 16",
        "train tokens": "500,000",
        "seconds draw/label/train": "0.0/0.0/20.0",
        "KL": "1.5000",
    }
    assert second["labels"] == "12,000 scored by gold" and second["rows from"] == "rounds"


def test_what_is_not_known_is_said_and_never_0():
    (shown,) = shown_ledger({"dpo": [row(prompts=math.nan, kl=math.nan, seconds={}, notes=("no record",))]})
    assert shown["prompts"] == "not known" and shown["KL"] == "n/a" and shown["note"] == "no record"
    assert shown["seconds draw/label/train"] == "not known/not known/not known"


def test_the_file_has_a_row_for_every_seed():
    frame = ledger_frame({"dpo@iterative": [drawing(), drawing(seed=2, kl=math.nan)]})
    assert list(frame["seed"]) == [1, 2] and frame["kl"].isna().tolist() == [False, True]
    assert frame["labels_oracle"].tolist() == ["gold: 12,000 scores"] * 2
    assert frame["updates"].tolist() == [3024.0, 3024.0]
