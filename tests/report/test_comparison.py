"""The table that a reader sees, as text."""

from __future__ import annotations

import dataclasses
import math

import pytest

from benchbench.comparison.pairs.table import Comparison
from benchbench.report.comparison import column_of, markdown_table, narrow_layout
from benchbench.report.terminal import table_lines

BASELINE = Comparison(
    metric="pair_accuracy",
    scoring="logp_mean",
    candidate="dpo",
    baseline="dpo",
    seeds=(42, 13),
    values=(0.5, 0.52),
    baseline_values=(0.5, 0.52),
    differences=(math.nan, math.nan),
    mean=0.51,
    difference=math.nan,
    low=math.nan,
    high=math.nan,
    level=0.95,
    interval_method="none",
    p=math.nan,
    p_holm=math.nan,
    minimum_detectable_difference=math.nan,
    n=2000,
    prompts=2000,
    unit="fraction",
    direction="higher",
    note="baseline",
)
CANDIDATE = dataclasses.replace(
    BASELINE,
    candidate="ddo_rm@k4",
    values=(0.55, 0.56123),
    differences=(0.05, 0.04123),
    mean=0.555615,
    difference=0.045615,
    low=-0.01,
    high=0.101234,
    interval_method="crossed t over seeds and prompts",
    p=0.02,
    p_holm=0.04,
    minimum_detectable_difference=0.07,
    note="",
    marks=("untuned", "audit | one"),
)
ROWS = [BASELINE, CANDIDATE]


def _printed(rows, *, width, metric="pair_accuracy"):
    layout = narrow_layout(rows, metric, "logp_mean")
    return "\n".join(table_lines(layout.head, layout.body, width=width, right=layout.numeric))


def test_what_marks_every_row_is_said_once_below():
    rows = [
        dataclasses.replace(BASELINE, marks=("--set a=1",)),
        dataclasses.replace(CANDIDATE, marks=("x", "--set a=1")),
    ]
    table = markdown_table(rows, "pair_accuracy", "logp_mean")
    assert table.splitlines()[-1] == "- every row: --set a=1"
    assert table.count("--set a=1") == 1 and "| x |" in table
    same = [dataclasses.replace(row, marks=("--set a=1",)) for row in ROWS]
    assert "marks" not in markdown_table(same, "pair_accuracy", "logp_mean")


def test_the_markdown_table_literally():
    assert markdown_table(ROWS, "pair_accuracy", "logp_mean") == (
        "**pair_accuracy under logp_mean: fraction, higher is better; baseline dpo**\n"
        "\n"
        "| method | seed 42 | seed 13 | mean | difference [95%] | p Holm | MDD | n | marks |\n"
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | :--- |\n"
        "| dpo | 0.5000 | 0.5200 | 0.5100 | baseline | n/a | n/a | 2000 |  |\n"
        "| ddo_rm@k4 | 0.5500 | 0.5612 | 0.5556 | +0.0456 [-0.0100, +0.1012] | 0.0400 | 0.0700 | 2000 |"
        " untuned; audit \\| one |\n"
        "\n"
        "- difference: to dpo, with its 95% interval; crossed t over seeds and prompts\n"
        "- p Holm: corrected over the 1 row against the baseline\n"
        "- MDD: minimum detectable difference: found with 80 % power, with 80 % confidence, before any correction\n"
        "- untuned: its hyper-parameters were not chosen on a validation split; `bench tune METHOD --grid KEY=V1,V2`"
        " chooses, and --write-recipe keeps the choice\n"
    )


def test_a_difference_that_cannot_be_found_within_the_range_is_said_to_be_beyond_it():
    rows = [BASELINE, dataclasses.replace(CANDIDATE, minimum_detectable_difference=math.inf)]
    assert "| 0.0400 | >1 | 2000 |" in markdown_table(rows, "pair_accuracy", "logp_mean")


def test_the_terminal_shows_the_same_numbers():
    printed = _printed(ROWS, width=120)
    for text in ("seeds 42, 13", "0.5500 0.5612", "+0.0456 [-0.0100, +0.1012]", "0.0400", "2000", "audit | one"):
        assert text in printed


def test_a_narrow_terminal_breaks_no_number():
    printed = _printed(ROWS, width=80)
    words = {"0.5500", "0.5612", "+0.0456", "0.0700", "2000"}
    assert words <= set(printed.split()) and "[-0.0100, +0.1012]" in printed
    assert max(len(line) for line in _printed(ROWS, width=80).splitlines()) <= 80


def test_square_brackets_are_text_and_no_markup():
    assert "[bold]x" in _printed([dataclasses.replace(BASELINE, candidate="[bold]x", baseline="[bold]x")], width=120)


def test_columns_without_content_are_not_shown():
    plain = [BASELINE, dataclasses.replace(CANDIDATE, p_holm=math.nan, marks=())]
    head = markdown_table(plain, "pair_accuracy", "logp_mean").splitlines()[2]
    assert head == "| method | seed 42 | seed 13 | mean | difference [95%] | MDD | n |"


def test_margins_have_four_significant_digits_and_their_unit():
    rows = [dataclasses.replace(row, unit="nats", direction="none", metric="mean_margin") for row in ROWS]
    rows[1] = dataclasses.replace(rows[1], values=(123.456, 0.00123456), mean=10.0)
    text = markdown_table(rows, "mean_margin", "logp_mean")
    assert "| 123.5 | 0.001235 | 10.00 |" in text
    assert "nats, neither direction is better" in text


def test_what_is_not_there_is_said():
    one_seed = dataclasses.replace(CANDIDATE, low=math.nan, high=math.nan, p_holm=math.nan, note="one seed")
    undefined = dataclasses.replace(one_seed, candidate="x", difference=math.nan, note="not finite")
    text = markdown_table([BASELINE, one_seed, undefined], "pair_accuracy", "logp_mean")
    assert "| +0.0456 [n/a] |" in text and "- ddo_rm@k4: one seed" in text
    assert "| 0.5556 | n/a |" in text and "- x: not finite" in text


def test_a_tiny_p_is_not_shown_as_zero():
    tiny = dataclasses.replace(CANDIDATE, p_holm=3e-7)
    assert "| <0.0001 |" in markdown_table([BASELINE, tiny], "pair_accuracy", "logp_mean")


def test_only_the_column_asked_for_is_taken():
    other = dataclasses.replace(CANDIDATE, metric="auc")
    assert column_of([*ROWS, other], "pair_accuracy", "logp_mean") == ROWS
    with pytest.raises(LookupError, match="no comparison of auc under implicit"):
        markdown_table([*ROWS, other], "auc", "implicit")
