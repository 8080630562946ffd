"""Which tokens of a cut row are scored."""

from __future__ import annotations

import pytest

from benchbench.data.scored_rows import score_row

from .tokenizers import section

PROMPT, RESPONSE = [1, 2, 3], [11, 12, 13, 14, 15]
_ = None


def row(*, mask=(), bos=False, response=RESPONSE, weight=(), **changes):
    marks = {name: list(values) for name, values in (("mask", mask), ("weight", weight)) if values}
    return score_row(PROMPT, response, marks, section(**changes), bos=bos)


def scored(found) -> list[int]:
    inside = [any(start <= t < stop for start, stop in found.holes) for t in range(len(found.cut.tokens))]
    return [
        token for t, token in enumerate(found.cut.tokens) if found.scored[0] <= t < found.scored[1] and not inside[t]
    ]


def test_without_marks_it_is_the_cut():
    found = row()
    assert (found.scored, found.holes, dict(found.weights)) == ((3, 8), (), {}) and found.has_response


@pytest.mark.parametrize(
    ("mask", "range_", "holes", "left"),
    [
        ([_, 0, _, _, _], (3, 8), ((4, 5),), [11, 13, 14, 15]),
        ([0, 0, _, _, _], (5, 8), (), [13, 14, 15]),
        ([_, _, _, 0, 0], (3, 6), (), [11, 12, 13]),
        ([0, _, 0, _, 0], (4, 7), ((5, 6),), [12, 14]),
        ([0, 0, 0, 0, _], (7, 8), (), [15]),
    ],
)
def test_holes_are_inside_of_the_scored_range(mask, range_, holes, left):
    """Those at its ends make it shorter, so that nobody computes what nothing scored reads."""
    found = row(mask=mask)
    assert (found.scored, found.holes, scored(found)) == (range_, holes, left)
    assert found.masked == 5 - len(left) and not found.masked_whole and found.cut.tokens == PROMPT + RESPONSE


def test_a_response_that_is_masked_whole_has_no_scored_token():
    found = row(mask=[0.0] * 5)
    assert not found.has_response and found.masked_whole and found.masked == 5
    bare = row(response=[])
    assert not bare.has_response and not bare.masked_whole


def test_a_cut_on_the_right_takes_holes_along():
    found = row(mask=[_, 0, _, _, 0], max_length=6)
    assert scored(found) == [11, 13] and found.masked == 1
    gone = row(mask=[0, 0, _, _, _], max_length=5)
    assert gone.masked_whole and not gone.has_response


def test_a_cut_on_the_left_moves_holes():
    found = row(mask=[_, _, 0, _, _], max_length=4, truncation="left")
    assert found.cut.tokens == [12, 13, 14, 15] and found.holes == ((1, 2),) and scored(found) == [12, 14, 15]
    kept = row(mask=[_, _, 0, _, _], max_length=5, truncation="left", bos=True)
    assert kept.cut.tokens == [1, 12, 13, 14, 15] and kept.holes == ((2, 3),)


def test_weights_are_runs_of_tokens():
    found = row(weight=[2.0, 2.0, _, 0.5, _])
    assert found.weights == {"weight": ((3, 5, 2.0), (6, 7, 0.5))} and found.scored == (3, 8)


def test_a_prompt_is_scored_from_its_second_token():
    found = row(scored="all", mask=[0, _, _, _, 0])
    assert scored(found) == [2, 3, 12, 13, 14] and found.holes == ((3, 4),)


def test_a_prompt_without_a_response_is_not_scored():
    assert not row(scored="all", response=[]).has_response
    assert not row(scored="all", mask=[0.0] * 5).has_response
    assert not row(scored="all", max_length=4, truncation="drop").has_response
