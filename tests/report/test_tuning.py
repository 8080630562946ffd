"""The page and the curve of a grid."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

from matplotlib.image import imread

from benchbench.report.tuning import GridReport, grid_document, plot_grid

RATE = "preference.learning_rate"


def row(rate: Any, values: tuple[float, float], below: float, se: float, **marks: str) -> dict[str, Any]:
    mean = sum(values) / 2
    numbers = {"seed 1": values[0], "seed 2": values[1], "mean": mean, "below best": below, "se": se}
    return {RATE: rate, **numbers, "chosen": "", "widened": "", "diverged": "", **marks}


NAN = math.nan
REPORT = GridReport(
    label="simpo",
    setting="tiny",
    split="validation",
    metric="pair_accuracy",
    scoring="logp_mean",
    unit="fraction",
    keys=(RATE,),
    seeds=(1, 2),
    rows=[
        row(1e-4, (0.5, 0.6), 0.15, 0.05),
        row(1e-3, (0.7, 0.7), 0.0, 0.0, chosen="chosen", widened="widened"),
        row(1e-2, (NAN, NAN), NAN, NAN, diverged="diverged"),
    ],
    rule="the first",
    notes=("a warning",),
    command="bench tune simpo",
)


def test_the_page_answers_first_and_has_rule_notes_curve_and_command():
    page = grid_document(REPORT, "simpo.png")
    first, _, answer = page.splitlines()[:3]
    assert first == "# Which preference.learning_rate for simpo on tiny, by pair_accuracy under logp_mean"
    assert answer == "preference.learning_rate 0.001: 0.7000 on split validation."
    assert "| 0.0001 | 0.5000 | 0.6000 | 0.5500 | 0.1500 | 0.0500 |  |" in page
    assert "| 0.001 | 0.7000 | 0.7000 | 0.7000 | 0.0000 | 0.0000 | chosen; widened |" in page
    assert "| 0.01 | n/a | n/a | n/a | n/a | n/a | diverged |" in page
    assert "- rule: the first\n- a warning\n" in page and "](simpo.png)\n" in page
    assert page.endswith("\n\n    bench tune simpo\n")


def test_without_a_choice_the_page_says_so():
    broken = replace(REPORT, rows=[REPORT.rows[2]])
    assert broken.answer == "No value was chosen: training diverged under every one of them."


def test_the_curve_is_a_picture_that_follows_from_the_grid():
    one, two = plot_grid(REPORT), plot_grid(REPORT)
    moved = [REPORT.rows[0], row(1e-3, (0.7, 0.9), 0.0, 0.0, chosen="chosen"), REPORT.rows[2]]
    assert one == two != plot_grid(replace(REPORT, rows=moved)) and b"Software" not in one
    assert imread(io.BytesIO(two)).shape[:2] == (600, 960)


def test_names_and_several_axes_are_drawn_in_their_order():
    named = [row("linear", (0.5, 0.6), 0.1, 0.01), row("cosine", (0.6, 0.7), 0.0, 0.0, chosen="chosen")]
    two = [{**each, "b": place} for place, each in enumerate(REPORT.rows)]
    changes = ({"rows": named}, {"rows": two, "keys": (RATE, "b")}, {"rows": [REPORT.rows[2]]})
    assert all(plot_grid(replace(REPORT, **change)) for change in changes)
