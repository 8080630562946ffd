"""Rows that left the start's range are marked in every table, and what was not measured is said."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from benchbench.commands.compare.guarded import guarded
from benchbench.comparison.pairs.table import Comparison

HEADLINE = ("pair_accuracy", "logp_mean")
NAN = math.nan


def row(label: str, values: tuple[float, ...], metric: str = "pair_accuracy", direction: str = "higher") -> Comparison:
    numbers = dict.fromkeys(("difference", "low", "high", "p", "p_holm", "minimum_detectable_difference"), NAN)
    return Comparison(
        metric=metric, scoring="logp_mean", candidate=label, baseline="dpo", seeds=(1, 2), values=values,
        baseline_values=values, differences=(NAN, NAN), mean=sum(values) / 2, level=0.95, interval_method="none", n=9,
        prompts=9, unit="fraction", direction=direction, note="", marks=("untuned",), **numbers,
    )  # fmt: skip


def rows(accuracy: float, chosen: float) -> list[Comparison]:
    """DPO beside its start, whose accuracy is 0.70 and whose chosen responses have -0.4 nats per token."""
    return [
        row("dpo", (accuracy, accuracy)),
        row("sft", (0.70, 0.70)),
        row("dpo", (chosen, chosen), "chosen_mean", "none"),
        row("sft", (-0.4, -0.4), "chosen_mean", "none"),
    ]


@pytest.mark.parametrize(
    ("accuracy", "mark"), [(0.8, "better than sft on pairs, but"), (0.6, "started from sft and is")]
)
def test_a_row_out_of_range_is_marked_in_words_whether_it_wins_or_not(accuracy: float, mark: str):
    marked, _, report = guarded(rows(accuracy, -0.6), None, headline=HEADLINE, start="sft")
    dpo, sft = marked[:2]
    assert dpo.marks == ("untuned", f"{mark} out of its range (chosen log-probability)")
    assert (
        dpo.note
        == f"{mark} out of its range: chosen log-probability -0.6 nats per token (from -0.5; 2 of 2 seeds outside)"
    )
    assert (sft.marks, sft.note) == (("untuned",), "")
    assert report.records() == [
        {"method": "dpo", "what": report.rows["dpo"].departures[0].text, "better than sft on pairs": accuracy > 0.7}
    ]
    values = report.as_values()["dpo"]
    assert values["ahead_of_start"] is (accuracy > 0.7) and values["departures"][0]["value"] == -0.6
    assert marked[2].marks[-1].startswith("started from sft")  # a metric without a better side is never won


def test_a_row_within_the_range_is_as_it_was():
    compared = rows(0.8, -0.45)
    marked, _, report = guarded(compared, None, headline=HEADLINE, start="sft")
    assert marked == compared and not report.ahead and not report.as_values()["dpo"]["departures"]


def test_pairs_alone_leave_the_rest_unmeasured_and_say_so():
    _, _, report = guarded(rows(0.8, -0.45), None, headline=HEADLINE, start="sft")
    (line,) = report.lines()
    assert line == (
        "degeneration: not measured of any row, so nothing is said of it: KL, entropy, repeated 4-grams, different "
        "bigrams, length, cut at the token limit, ended by a control token, empty"
    )
    assert report.as_values()["dpo"]["not_measured"] == line.split(": ")[2].split(", ")


def test_a_comparison_without_the_start_has_no_guard():
    compared = [row("reward_model", (0.8, 0.8))]
    marked, samples, report = guarded(compared, None, headline=HEADLINE, start="")
    assert (marked, samples, report.lines(), report.as_values()) == (compared, None, [], {})


def test_statistics_of_responses_are_read_by_seed():
    from benchbench.commands.compare.win_rates import Samples

    frame = pd.DataFrame(
        [
            {"method": label, "seed": seed, "metric": "response_tokens", "value": value}
            for label, values in (("sft", (10.0, 12.0)), ("dpo", (30.0, 31.0)))
            for seed, value in zip((1, 2), values, strict=True)
        ]
    )
    marks = {"dpo": ("untuned",), "sft": ("untuned",)}
    drawn = Samples([], frame, "none", "test", "", "", "", "1", "", marks)
    marked, samples, report = guarded(rows(0.8, -0.45), drawn, headline=HEADLINE, start="sft")
    assert report.rows["dpo"].aspects == ("length",) and report.ahead == ("dpo",)
    assert samples is not None and samples.marks["dpo"] == marked[0].marks == (
        "untuned",
        "better than sft on pairs, but out of its range (length)",
    )
