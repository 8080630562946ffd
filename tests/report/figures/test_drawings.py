"""The figures of a page: half a page wide, the same bytes from the same numbers, and marks where the numbers are."""

from __future__ import annotations

import dataclasses
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from benchbench.report.figures.accuracy_kl import draw_against_kl
from benchbench.report.figures.calibration import BINS, draw_calibration, reliability
from benchbench.report.figures.curves import draw_curves
from benchbench.report.figures.forest import draw_forest
from benchbench.report.figures.frontier import draw_frontier
from benchbench.report.figures.histograms import draw_histograms, edges_of
from benchbench.report.figures.lengths import draw_lengths
from benchbench.report.figures.style import COLOURS, MARKERS, WIDTH_INCHES, as_bytes, colour, dash, marker
from benchbench.report.figures.win_matrix import draw_win_matrix
from tests.report.page.stored import HEADLINE, LABELS, compared, frames, frontier_points


def forest_rows() -> list:
    return [row for row in compared() if (row.metric, row.scoring) == HEADLINE]


def margins() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {label: rng.normal(0.3, 1, 200) for label in LABELS}


def curves() -> Figure:
    reported = pd.DataFrame({"label": ["dpo"], "value": [0.6]})
    return draw_curves(frames()["training"], ["loss", "grad_norm"], LABELS, reported=reported)


FIGURES: dict[str, Callable[[], Figure]] = {
    "forest": lambda: draw_forest(forest_rows(), LABELS),
    "win_matrix": lambda: draw_win_matrix({("simpo", "dpo"): 0.6, ("dpo", "simpo"): 0.4}, LABELS, LABELS),
    "curves": curves,
    "accuracy_kl": lambda: draw_against_kl(
        pd.DataFrame({"label": LABELS, "kl": [0.1, 1.0, 2.0], "value": [0.5, 0.6, 0.7]}), LABELS, name="accuracy"
    ),
    "frontier": lambda: draw_frontier(frontier_points(), name="win rate, fraction"),
    "histograms": lambda: draw_histograms(margins(), LABELS, unit="nats"),
    "calibration": lambda: draw_calibration({"dpo": reliability(np.linspace(0, 1, 400))}, LABELS),
    "lengths": lambda: draw_lengths({"dpo": np.arange(20.0), "sft": np.ones(3)}, LABELS, name="tokens"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_half_a_page_wide_and_its_letters_can_be_read(name: str):
    figure = FIGURES[name]()
    assert figure.get_figwidth() == WIDTH_INCHES
    figure.canvas.draw()
    letters = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert letters and min(text.get_fontsize() for text in letters) >= 7


@pytest.mark.parametrize("name", FIGURES)
def test_equal_numbers_give_equal_bytes_and_an_svg_that_is_sound(name: str):
    text = as_bytes(FIGURES[name](), "svg", name=name)
    assert text == as_bytes(FIGURES[name](), "svg", name=name)
    root = ET.fromstring(text)
    assert root.tag.endswith("svg") and not [e for e in root.iter() if e.tag.endswith("script")]
    assert as_bytes(FIGURES[name](), "pdf", name=name).startswith(b"%PDF")


def test_rows_are_told_apart_by_colour_by_marker_and_where_colours_repeat_by_dashes():
    many = [f"m{n}" for n in range(12)]
    looks = {(colour(many, label), marker(many, label), dash(many, label)) for label in many}
    assert len(looks) == 12 and len(set(COLOURS)) == 7 and len(set(MARKERS)) == 10
    assert (colour(many, "m0"), dash(many, "m0")) != (colour(many, "m7"), dash(many, "m7"))


def test_the_forest_has_every_seed_the_mean_and_the_interval():
    rows = forest_rows()
    (axes,) = draw_forest(rows, LABELS).axes
    drawn = {tuple(np.asarray(line.get_xdata(), float).tolist()) for line in axes.lines}
    for row in rows[1:]:
        assert tuple(row.differences) in drawn and (row.difference,) in drawn and (row.low, row.high) in drawn
    assert [text.get_text() for text in axes.get_yticklabels()] == ["simpo", "sft"]


@pytest.mark.parametrize("values", [{"low": math.nan, "high": math.nan}, {"difference": math.nan, "low": math.nan}])
def test_a_row_without_interval_says_so_in_the_forest(values: dict):
    rows = forest_rows()
    (axes,) = draw_forest([rows[0], dataclasses.replace(rows[1], **values)], LABELS).axes
    assert {text.get_text() for text in axes.texts} == {"undefined" if "difference" in values else "no interval"}


def test_a_forest_of_the_baseline_alone_is_refused():
    with pytest.raises(ValueError, match="beside the baseline"):
        draw_forest(forest_rows()[:1], LABELS)


def test_every_margin_is_in_a_bin_and_0_divides_the_two_orders():
    values = margins() | {"far": np.array([-50.0, 80.0, np.nan])}
    edges = edges_of(values)
    assert np.isclose(edges, 0, atol=1e-12).any() and (np.diff(edges) > 0).all()
    figure = draw_histograms(values, [*LABELS, "far"], unit="nats")
    for axes in figure.axes:
        assert axes.patches[0].get_data().values.sum() == pytest.approx(1)
    assert [axes.get_title(loc="left") for axes in figure.axes][-1] == "far: 50% below 0"
    assert edges_of({"same": np.zeros(5)}).size, "constant margins have bins, too"


def test_reliability_by_hand():
    row = reliability(np.array([0.97, 0.98, 0.02, 0.61, np.nan, 0.5]))
    assert row.pairs.sum() == 5 and len(row.pairs) == BINS
    assert row.pairs[-1] == 3 and row.accuracy[-1] == pytest.approx(2 / 3)
    assert row.confidence[-1] == pytest.approx((0.97 + 0.98 + 0.98) / 3)
    assert row.accuracy[2] == 1 and row.accuracy[0] == 0.5 and math.isnan(row.accuracy[5])


def test_the_win_matrix_leaves_out_what_is_not_known():
    figure = draw_win_matrix({("dpo", "sft"): 0.65}, ["dpo", "sft"], ["dpo", "sft"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["-", "0.65", "-", "-"]


def test_curves_have_a_line_for_each_seed_and_one_for_what_was_reported():
    loss, _ = curves().axes
    assert len(loss.lines) == 2 * 3 + 1
    assert loss.lines[-1].get_ydata()[0] == 0.6


def test_runs_of_one_seed_have_a_line_each():
    two = pd.DataFrame(
        [
            ("shared", 1, run, step, "loss", run_loss + step)
            for run, run_loss in (("a", 1.0), ("b", 5.0))
            for step in (1, 2)
        ],
        columns=["label", "seed", "run", "step", "quantity", "value"],
    )
    (panel,) = draw_curves(two, ["loss"], LABELS).axes
    assert [list(line.get_ydata()) for line in panel.lines] == [[2.0, 3.0], [6.0, 7.0]]


def test_the_bins_of_margins_that_are_all_of_one_sign_reach_them():
    for sign in (1, -1):
        edges = edges_of({"a": sign * np.linspace(10, 12, 400)})
        assert 0 in edges and np.abs(edges).max() >= 11.9


def test_the_frontier_joins_the_points_of_a_curve_by_their_kl_and_marks_where_all_start():
    axes = draw_frontier(frontier_points(), name="win rate").axes[0]
    lines = {container.get_label(): container.lines[0] for container in axes.containers}
    assert list(lines) == ["sft (start)", "dpo", "simpo"]
    assert list(lines["dpo"].get_xdata()) == [0.4, 1.1, 2.3]
    assert lines["dpo"].get_linestyle() != "None" and lines["simpo"].get_linestyle() == "None"
    assert list(lines["sft (start)"].get_xdata()) == [0.0]


def test_an_interval_that_is_far_longer_than_the_others_is_cut_and_marked():
    """KL 0 to 40 of one point would leave the others a corner; its mean stays in sight."""
    points = frontier_points()
    points.loc[points["curve"] == "simpo", ["kl_low", "kl_high"]] = [0.0, 40.0]
    axes = draw_frontier(points, name="win rate").axes[0]
    assert axes.get_xlim()[1] < 4
    assert [line.get_marker() for line in axes.lines if line.get_xdata()[0] == axes.get_xlim()[1]] == [">"]
    whole = draw_frontier(frontier_points(), name="win rate").axes[0]
    assert not any(line.get_marker() in ("<", ">", "v") and not line.get_clip_on() for line in whole.lines)
