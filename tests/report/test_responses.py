"""What responses are like, for programs and for readers."""

from __future__ import annotations

import math

import pandas as pd

from benchbench.report.responses import shown_statistics, statistics_frame

ABOUT = {
    "engine": "transformers", "version": "5", "dtype": "float32", "device_kind": "cpu", "merged": False,
    "canary": {"identical_fraction": 1.0, "common_prefix_tokens": 1.0},
}  # fmt: skip
CUT = {"cut": {"control_token": 1, "no_token": 0, "at": {}, "tokens_cut_off": 3}}


def drawn(*finishes: str) -> pd.DataFrame:
    rows = [
        {"example": str(i), "sample": 0, "text": "a b", "tokens": [1, 2], "finish": finish}
        for i, finish in enumerate(finishes)
    ]
    return pd.DataFrame(rows).assign(logp_sum=math.nan, ref_logp_sum=math.nan)


def test_a_column_says_how_many_were_cut_where_any_was():
    cells = {"a": drawn("stop", "control_token"), "b": drawn("stop")}
    rows = shown_statistics(statistics_frame({(name, 1): (frame, ABOUT | CUT) for name, frame in cells.items()}))
    assert [row["control_token"] for row in rows] == ["0.5000", "0.0000"]
    assert "no_token" not in rows[0]


def test_there_is_no_such_column_where_none_was():
    rows = shown_statistics(statistics_frame({("a", 1): (drawn("stop", "length"), ABOUT | CUT)}))
    assert "control_token" not in rows[0] and "truncated" in rows[0]


def test_responses_from_before_they_were_counted_say_that_it_is_unknown():
    frame = statistics_frame({("a", 1): (drawn("stop"), ABOUT)})
    own = frame[frame["metric"] == "control_token"].iloc[0]
    assert math.isnan(own["value"]) and own["note"]
    assert "control_token" not in shown_statistics(frame)[0]
