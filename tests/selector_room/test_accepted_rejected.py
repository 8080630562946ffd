"""accepted_rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .toys import group, places, scores, selected


def rows(texts, labels, **options):
    return [
        (row.places, row.columns["label"])
        for row in selected("accepted_rejected", [texts], [labels], **options).picks[0]
    ]


def test_the_two_best_are_accepted_and_the_two_worst_rejected():
    texts, labels = group("a", "b", "c", "d", "e"), scores(1.0, 5.0, 3.0, 4.0, 2.0)
    assert rows(texts, labels) == [((1,), 1.0), ((3,), 1.0), ((0,), 0.0), ((4,), 0.0)]
    assert rows(texts, labels, accepted=1, rejected=0) == [((1,), 1.0)]
    assert rows(texts, labels, accepted=0, rejected=1) == [((0,), 0.0)]
    (picks,) = selected("accepted_rejected", [texts], [labels]).picks
    assert [row.columns["score"] for row in picks] == [(5.0,), (4.0,), (1.0,), (2.0,)]


def test_rows_have_the_columns_of_their_labels():
    labels = replace(scores(1.0, 2.0, 3.0), columns={"implicit": (0.1, 0.2, 0.3)})
    (picks,) = selected("accepted_rejected", [group("a", "b", "c")], [labels], accepted=1, rejected=1).picks
    assert [row.columns["implicit"] for row in picks] == [(0.3,), (0.1,)]


def test_none_is_both_and_none_is_as_good_as_one_of_the_other_kind():
    """Of three the middle one would be both; of 2, 2, 2, 1 only the last is worse than what is accepted."""
    assert rows(group("a", "b", "c"), scores(1.0, 2.0, 3.0)) == [((2,), 1.0), ((0,), 0.0)]
    assert rows(group("a", "b", "c", "d"), scores(2.0, 2.0, 2.0, 1.0)) == [((3,), 0.0)]
    assert (
        places("accepted_rejected", group("a", "b"), scores(2.0, 2.0)) == "no response with a lower score than the best"
    )


def test_a_cut_response_is_rejected_at_most():
    assert rows(group("a/", "b", "c"), scores(9.0, 2.0, 1.0), accepted=1, rejected=1) == [((1,), 1.0), ((2,), 0.0)]


@pytest.mark.parametrize("options", [{"accepted": -1}, {"accepted": 0, "rejected": 0}])
def test_options_out_of_range_are_refused(options: dict):
    with pytest.raises(ValueError, match="accepted"):
        rows(group("a", "b"), scores(1.0, 2.0), **options)
