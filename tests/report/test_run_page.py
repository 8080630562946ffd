"""A run's curves and facts as lines of text."""

from __future__ import annotations

import math

from benchbench.core.records import StageRecord
from benchbench.report.run_page import curve_rows, plot_lines, record_lines, text, value_text
from benchbench.report.sparkline import BLOCKS


def test_a_plot_has_its_highest_and_lowest_value_beside_it():
    head, *plot = plot_lines("loss", [(1, 4.0), (10, 0.5)], 40, blocks=BLOCKS)
    assert head == "loss: 4 at step 1, 0.5 at step 10"
    assert plot[0] == f"   4 {BLOCKS[7]}" and plot[-1] == f" 0.5 {BLOCKS[7]}{BLOCKS[0]}"
    assert plot_lines("loss", [(1, math.nan)], 40, blocks=BLOCKS)[-1].strip() == "!"


def test_a_curve_is_a_row_with_its_ends_and_extremes():
    (row,) = curve_rows({"grad_norm": [(1, 2.0), (2, 1.0), (3, 1.5)]}, blocks=BLOCKS)
    assert row == {
        "logged": "grad_norm",
        "first": "2",
        "last": "1.5",
        "lowest": "1",
        "highest": "2",
        "curve": BLOCKS[7] + BLOCKS[0] + BLOCKS[4],
    }


def test_extremes_are_those_of_finite_values():
    (row,) = curve_rows({"loss": [(1, math.nan), (2, 1.0), (3, 3.0)]}, blocks=BLOCKS)
    assert (row["first"], row["lowest"], row["highest"]) == ("nan", "1", "3")
    (row,) = curve_rows({"loss": [(1, math.nan)]}, blocks=BLOCKS)
    assert row["lowest"] == "nan" and row["curve"] == "!"


def test_a_record_says_what_it_took_and_on_what():
    about = {"device": "cuda:0", "device_name": "a card", "packages": {"torch": "2.13", "peft": "not installed"}}
    record = StageRecord("sft/a", "done", about, 4.0, 800, 1.5, resumed_environments=[about])
    assert list(record_lines(record)) == [
        "took: 4.0 s, 800 tokens (200 a second), at most 1.50 GiB",
        "machine: cuda:0 a card, torch 2.13",
        "resumed from a checkpoint: once",
    ]


def test_values_are_written_as_in_a_recipe():
    assert [value_text(value) for value in (None, True, 5e-7, 96, "train")] == ["none", "true", "5e-07", "96", "train"]


def test_labels_are_of_what_is_drawn_where_a_column_is_a_mean():
    points = [(step, 50.0 if step == 500 else 0.5) for step in range(1000)]
    head, *plot = plot_lines("loss", points, 60, blocks=BLOCKS)
    assert "a column is the mean of up to 22 logged steps" in head
    assert "50" not in "".join(plot) and plot[0].split()[0] == text(0.5 + 49.5 / 22)


def test_settings_are_shown_whole():
    assert value_text(1.2345678e-6) == "1.2345678e-06"
    assert value_text("a  b\n") == '"a  b\\n"' and value_text("a b") == "a b"
