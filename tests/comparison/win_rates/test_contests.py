"""Verdict rows into contests: orders, policies, missing verdicts, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from benchbench.comparison.win_rates.contests import contests, prompt_means, prompts, sides
from benchbench.core.errors import BenchError

from ..verdict_rows import frame, frames, mirrored, slotless, swapped, verdict

NAN = float("nan")
LIGHT = settings(deadline=None, max_examples=50)


@pytest.mark.parametrize(
    ("first", "second", "average", "conservative"),
    [
        (1.0, 1.0, 1.0, 1.0),
        (1.0, 0.0, 0.5, 0.5),
        (1.0, 0.5, 0.75, 0.5),
        (0.5, 0.5, 0.5, 0.5),
        (0.9, 0.7, 0.8, 0.8),
        (0.9, 0.2, 0.55, 0.5),
        (1.0, NAN, 1.0, NAN),
        (NAN, NAN, NAN, NAN),
    ],
)
def test_what_two_orders_make_of_a_contest(first, second, average, conservative):
    made = contests(frame(*swapped("e", first, second)))
    assert made.outcome("average") == pytest.approx([average], nan_ok=True)
    assert made.outcome("conservative") == pytest.approx([conservative], nan_ok=True)


def test_a_missing_verdict_is_bounded_under_the_policy():
    made = contests(frame(*swapped("e", 1.0, NAN)))
    assert [made.outcome(policy, missing=m)[0] for policy in ("average", "conservative") for m in (0.0, 1.0)] == [
        0.5,
        1.0,
        0.5,
        1.0,
    ]


def test_a_verdict_without_slots_stands_under_both_policies():
    made = contests(frame(verdict(outcome=0.25)))
    assert made.outcome("average") == made.outcome("conservative") == [0.25]
    assert made.requested.tolist() == [[False, False, True]]


@LIGHT
@given(frames(missing=True))
def test_the_order_of_the_rows_does_not_matter(rows):
    one, other = contests(rows), contests(rows.sample(frac=1, random_state=0))
    assert all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in ("verdicts", "length")
    )
    assert one.example.tolist() == other.example.tolist()


@LIGHT
@given(frames(missing=True))
def test_mirrored_twice_is_the_same(rows):
    again = mirrored(mirrored(rows))
    assert again.equals(rows)
    assert list(mirrored(rows).columns) == list(rows.columns)
    one, other = contests(rows), contests(mirrored(rows))
    assert other.outcome("conservative") == pytest.approx(1 - one.outcome("conservative"), nan_ok=True)


def test_means_of_prompts_leave_out_what_is_missing():
    found = prompt_means(np.array([1.0, NAN, 0.0, 0.5, NAN]), np.array([0, 0, 1, 1, 2]), 4)
    assert found == pytest.approx([1.0, 0.25, NAN, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (frame(verdict(), verdict()), "1 twice.*example e0"),
        (frame(verdict(), *swapped("e0", 1.0, 1.0)), "1 with and without slots.*label dpo"),
    ],
)
def test_the_same_verdict_twice_is_refused(rows, message):
    with pytest.raises(BenchError, match=message):
        contests(rows)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (frame(verdict(outcome=1.5)), r"\[0, 1\]"),
        (frame(verdict(outcome=math.inf)), r"\[0, 1\]"),
        (frame(verdict(order="left")), "got left"),
        (frame(verdict()).drop(columns="length"), "missing are length"),
        (frame(verdict()).iloc[:0], "got none"),
    ],
)
def test_what_are_no_verdict_rows(rows, message):
    with pytest.raises(ValueError, match=message):
        contests(rows)


def test_one_label_against_one_opponent():
    assert sides(frame(verdict())) == ("dpo", "sft")
    with pytest.raises(ValueError, match="one label against one opponent"):
        sides(frame(verdict(), verdict(label="ipo")))
    with pytest.raises(ValueError, match="no rows"):
        sides(frame(verdict()).iloc[:0])


def test_seeds_need_the_same_prompts():
    assert prompts({1: slotless([1, 0]), 2: slotless([0, 0])}).tolist() == ["e0000", "e0001"]
    with pytest.raises(BenchError, match=r"seed 2: 1 prompts of seed 1 are missing, 0 are new"):
        prompts({1: slotless([1, 0]), 2: slotless([0])})
    with pytest.raises(ValueError, match="got none"):
        prompts({})
