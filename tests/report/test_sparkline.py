"""Curves in a terminal: heights worked by hand."""

from __future__ import annotations

import math

from benchbench.report.sparkline import ASCII, BLOCKS, NOT_FINITE, block_plot, sparkline


def test_eight_equal_steps_are_the_eight_blocks():
    assert sparkline([float(k) for k in range(8)], 20) == BLOCKS
    assert sparkline([float(-k) for k in range(8)], 20, blocks=ASCII) == ASCII[::-1]


def test_more_values_than_columns_are_joined_by_their_mean():
    """0 1 | 2 3 | 4 5 | 6 7 have the means 0.5, 2.5, 4.5, 6.5: heights 0, 2 (2/6 of 8), 5 and 7."""
    assert sparkline([float(k) for k in range(8)], 4) == "".join(BLOCKS[k] for k in (0, 2, 5, 7))


def test_what_is_not_finite_or_does_not_move_is_shown_as_such():
    assert sparkline([1.0, math.nan, 2.0, math.inf], 9) == BLOCKS[0] + NOT_FINITE + BLOCKS[7] + NOT_FINITE
    assert sparkline([3.0, 3.0], 9) == BLOCKS[3] * 2
    assert sparkline([math.nan], 9) == NOT_FINITE
    assert sparkline([], 9) == ""


def test_a_plot_of_two_lines_has_sixteen_heights():
    lines = block_plot([0.0, 1.0, 0.5], 9, 2)
    assert lines == [" " + BLOCKS[7] + BLOCKS[0], BLOCKS[0] + BLOCKS[7] + BLOCKS[7]]


def test_a_plot_marks_what_is_not_finite_in_its_last_line():
    assert block_plot([0.0, math.nan, 1.0], 9, 2) == ["  " + BLOCKS[7], BLOCKS[0] + NOT_FINITE + BLOCKS[7]]
    assert block_plot([math.nan, math.nan], 9, 2)[-1] == NOT_FINITE * 2
