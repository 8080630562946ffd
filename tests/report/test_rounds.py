"""Rounds as a table and as tidy rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchbench.comparison.stats.bounded import seeded_rate
from benchbench.report.rounds import RoundRow, rounds_frame, rounds_title, shown_rounds

WIN = seeded_rate((np.random.default_rng(0).random((2, 60)) < 0.7).astype(float))


def row(number: int, **changes: Any) -> RoundRow:
    values = {
        "rows": [900.0, 950.0],
        "groups": [1000.0, 1000.0],
        "generated_tokens": [40_000.0, 42_000.0],
        "kl_k1": [0.4, 0.6],
        "oracle_score": [0.2, 0.3],
        "judge_score": [2.0, 2.2],
        "ended": [1.0, 0.9],
        "repetition": [0.0, 0.0],
        "words": [12.0, 13.0],
    }
    base: dict[str, Any] = {"win": WIN, "win_of_baseline": None, "values": values, "departures": ()}
    return RoundRow(label="dpo@iterative", number=number, seeds=(1, 2), **(base | changes))


def test_every_round_has_a_row_with_what_it_drew_kept_and_won():
    first, second = shown_rounds([row(1), row(2, win_of_baseline=WIN)])
    assert first["rows kept"] == "925 of 1,000" and first["generated tokens"] == "41,000"
    assert first["KL"] == "0.5000" and first["words"] == "12.5000"
    assert first["win over start [95%]"] == second["win over baseline [95%]"] != "-"
    assert first["win over baseline [95%]"] == "-" and "marks" not in first


def test_a_degenerate_round_is_marked_and_stays_with_those_after_it():
    shown = shown_rounds([row(1), row(2, departures=("KL", "length")), row(3)])
    assert [each["marks"] for each in shown] == ["", "degenerate: out of the start's range (KL, length)", ""]


def test_what_was_not_measured_is_not_0():
    unknown = {name: [math.nan, math.nan] for name in row(1).values}
    (shown,) = shown_rounds([row(1, win=None, values=unknown)])
    assert shown["win over start [95%]"] == "-" and shown["KL"] == "n/a" and shown["rows kept"] == "n/a of n/a"
    frame = rounds_frame([row(1, win=None, values=unknown)])
    assert frame["win_over_start"].isna().all() and frame["kl_k1"].isna().all()


def test_the_file_has_a_row_for_every_seed():
    frame = rounds_frame([row(1), row(2)])
    assert list(zip(frame["round"], frame["seed"], strict=True)) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert frame["generated_tokens"].tolist() == [40_000.0, 42_000.0] * 2


def test_the_title_says_whom_wins_are_over():
    assert "over sft and, of the last one, over dpo" in rounds_title("sft", "dpo")
