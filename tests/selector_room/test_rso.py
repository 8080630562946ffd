"""rso."""

from __future__ import annotations

from .toys import group, places, scores, selected


def test_beta_0_accepts_the_best_and_pairs_them_as_they_were_accepted():
    """Passes accept b (4), d (3), c (2), a (1); pairs (b, d) and (c, a)."""
    assert places("rso", group("a", "b", "c", "d"), scores(1.0, 4.0, 2.0, 3.0), beta=0.0) == [(1, 3), (2, 0)]


def test_no_more_than_the_number_is_accepted_and_all_where_they_are_few():
    texts = group(*"abcdefghij")
    labels = scores(*(float(k) for k in range(10)))
    assert len(places("rso", texts, labels, accept=4)) == 2
    assert len(places("rso", texts, labels, accept=50)) == 5


def test_a_higher_temperature_accepts_lower_scores():
    """Among 40 groups the mean score of what is accepted falls with beta."""
    groups = [group(*"abcdefgh", example=f"x{k}") for k in range(40)]
    labels = [scores(*(float(k) for k in range(8)))] * 40
    means = []
    for beta in (0.1, 1.0, 100.0):
        picks = selected("rso", groups, labels, accept=2, beta=beta).picks
        values = [score for rows in picks for row in rows for score in row.columns["score"]]
        means.append(sum(values) / len(values))
    assert means == sorted(means, reverse=True)
    assert means[0] > 6.4 and means[2] < 4.5


def test_two_accepted_with_equal_scores_make_no_pair_unless_ties_are_kept():
    texts = group("a", "b")
    assert places("rso", texts, scores(1.0, 1.0)) == "no two accepted responses that make a pair"
    assert places("rso", texts, scores(1.0, 1.0), ties="keep") == [(0, 1)]


def test_a_response_that_was_drawn_often_is_accepted_often():
    """Of four draws the best is there three times: beta 0 accepts these, in no pair with each other, and then b."""
    texts, labels = group("a", "b", "a", "a"), scores(2.0, 1.0, 2.0, 2.0)
    assert places("rso", texts, labels, beta=0.0, accept=4) == [(3, 1)]
    assert places("rso", texts, labels, beta=0.0, accept=2) == "no two accepted responses that make a pair"
    assert places("rso", texts, labels, beta=0.0, accept=2, ties="keep") == (
        "no two accepted responses that make a pair"
    )


def test_one_response_among_many_equal_ones_is_accepted_as_one_draw_of_many():
    """B comes first with exp((0.9 - 1) / 0.1) = 0.37; else the first two accepted are both a, and make no pair."""
    groups = [group("b", *"aaaaaaaaa", example=f"x{k}") for k in range(200)]
    picks = selected("rso", groups, [scores(0.9, *[1.0] * 9)] * 200, accept=2, beta=0.1).picks
    assert 60 < sum(len(rows) for rows in picks) < 88
