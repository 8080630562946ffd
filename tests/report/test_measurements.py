"""Measurements as a reader sees them: means worked by hand."""

from __future__ import annotations

import math

import pandas as pd

from benchbench.report.measurements import OF_PAIRS, OF_RESPONSES, mean_rows, title

FRAME = pd.DataFrame(
    [
        {"metric": metric, "scoring": scoring, "seed": seed, "value": value, "unit": unit, "n": n, "note": note}
        for metric, scoring, unit, values, counts, note in (
            ("auc", "logp_sum", "fraction", (0.5, 0.75), (8, 8), ""),
            ("mean_margin", "logp_mean", "nats", (1.0, math.nan), (8, 6), "one is undefined"),
            ("pair_accuracy", "logp_mean", "fraction", (0.25, 0.5), (8, 8), ""),
        )
        for seed, value, n in zip((42, 13), values, counts, strict=True)
    ]
).assign(se=0.125, method="dpo", setting="tiny")


def test_a_row_per_metric_with_its_mean_and_the_headline_first():
    rows = mean_rows(FRAME, OF_PAIRS, first=("pair_accuracy", "logp_mean"))
    assert [row["metric"] for row in rows] == ["pair_accuracy", "auc", "mean_margin"]
    assert [(row["mean"], row["seeds 42, 13"], row["n"]) for row in rows] == [
        ("0.3750", "0.2500 0.5000", 8),
        ("0.6250", "0.5000 0.7500", 8),
        ("n/a", "1.000 n/a", "6 to 8"),
    ]
    assert rows[2]["note"] == "one is undefined"


def test_a_single_seed_has_its_standard_error_in_the_place_of_the_seeds():
    (row, *_) = mean_rows(FRAME[FRAME["seed"] == 42], OF_PAIRS)
    assert row == {
        "metric": "auc",
        "scoring": "logp_sum",
        "mean": "0.5000",
        "se": "0.1250",
        "n": 8,
        "unit": "fraction",
        "note": "",
    }


def test_responses_are_told_apart_by_turn():
    frame = FRAME.rename(columns={"scoring": "turn"}).drop(columns="setting").assign(engine="transformers 5")
    assert [(row["turn"], row["metric"]) for row in mean_rows(frame, OF_RESPONSES)][0] == ("logp_sum", "auc")
    assert title(frame) == "dpo; transformers 5"


def test_the_title_says_of_what_the_rows_are():
    assert title(FRAME, first=("auc", "logp_sum")) == "dpo; setting tiny; headline auc under logp_sum"
