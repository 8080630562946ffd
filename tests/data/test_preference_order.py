"""Ratings decide who is preferred, or the recipe says that the order does; contradictions are counted or refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.files import read_rows
from benchbench.data.normalise import normalise
from benchbench.data.preference_order import (
    EXCHANGED,
    KEPT,
    NO_ORDER,
    PUT_FIRST,
    SOFT,
    UNRATED,
    PreferenceOrder,
)

ANY = PreferenceOrder(max_contradicted=1.0)
GIVEN = PreferenceOrder("given", 1.0)


def pair(better: float | None, worse: float | None, **more: object) -> dict[str, object]:
    return {"prompt": "q", "chosen": "a", "rejected": "b", "score_chosen": better, "score_rejected": worse, **more}


def several(*scores: float | None, **more: object) -> dict[str, object]:
    texts = "abcdefgh"[: len(scores)]
    return {"prompt": "q", "candidates": list(texts), "scores": list(scores), **more}


def read(*rows, **options):
    return normalise(rows, split="train", where="here", **options)


def candidates(examples) -> list[str]:
    return ["".join(example.candidates) for example in examples]


def test_of_candidates_the_best_comes_first_and_equal_ones_keep_their_order():
    examples, reading = read(several(1, 9, 5), several(3, 2, 1), several(2, 5, 2, 5))
    assert candidates(examples) == ["bca", "abc", "bdac"]
    assert [example.ratings for example in examples] == [(9, 5, 1), (3, 2, 1), (5, 5, 2, 2)]
    assert reading.notes == {PUT_FIRST: 2} and reading.ordered


def test_what_belongs_to_a_candidate_moves_with_it_and_what_belongs_to_the_row_stays():
    rows = [several(1, 9, 5, gold=[0.1, 0.9, 0.5], weight=2)]
    (example,) = read(*rows, columns=["gold", "weight"]).examples
    assert example.columns == {"gold": (0.9, 0.5, 0.1), "weight": 2.0, "score": (9.0, 5.0, 1.0)}


def test_a_pair_whose_rejected_response_is_rated_higher_is_exchanged_and_counted():
    examples, reading = read(pair(9, 2), pair(2, 9), pair(5, 5), order=ANY, columns=[])
    assert candidates(examples) == ["ab", "ba", "ab"]
    assert reading.notes == {EXCHANGED: 1}


def test_a_soft_label_turns_with_its_pair():
    """The probability that the first is preferred; what is no probability is left for the check to show."""
    rows = [pair(2, 9, p_chosen=0.2), pair(9, 2, p_chosen=0.75), pair(2, 9, p_chosen=80)]
    examples, _ = read(*rows, columns=["p_chosen"], order=ANY)
    assert [example.columns["p_chosen"] for example in examples] == [0.8, 0.75, 80.0]


def test_a_soft_label_against_the_order_is_counted_and_moves_nothing():
    """It is the reliability of the label, which a loss reads; a label drawn with it may be the less likely one."""
    rows = [{"prompt": "q", "chosen": "a", "rejected": "b", "p_chosen": p} for p in (0.4, 0.5, 0.6)]
    examples, reading = read(*rows, columns=["p_chosen"])
    assert candidates(examples) == ["ab"] * 3 and reading.notes == {SOFT: 1}


@pytest.mark.parametrize("missing", [several(1, None, 5), several(None, None, None)])
def test_a_row_with_a_missing_rating_keeps_its_order_and_is_counted(missing):
    examples, reading = read(several(1, 9, 5), missing)
    assert candidates(examples) == ["bca", "abc"]
    assert reading.notes[UNRATED] == 1 and reading.notes[PUT_FIRST] == 1


def test_the_recipe_may_say_that_the_order_decides():
    examples, reading = read(pair(9, 2), pair(2, 9), order=GIVEN)
    assert candidates(examples) == ["ab", "ab"] and reading.notes == {KEPT: 1}
    examples, reading = read(several(1, 9, 5), several(9, 1, 5), order=GIVEN)
    assert candidates(examples) == ["abc", "abc"], "then it claims that the first candidate is the best"
    assert reading.notes == {KEPT: 1}


@pytest.mark.parametrize("by", ["ratings", "given"])
def test_more_contradictions_than_allowed_are_an_error_that_says_what_to_do(by):
    rows = [pair(9, 2, id=f"good{i}") for i in range(6)] + [pair(2, 9, id=f"bad{i}") for i in range(6)]
    rows += [pair(None, 9), pair(None, None)]
    assert len(read(*rows, order=PreferenceOrder(by, 0.5)).examples) == 14
    with pytest.raises(BenchError) as caught:
        read(*rows, order=PreferenceOrder(by, 0.49))
    assert caught.value.exit_code is ExitCode.USAGE
    for words in (
        "here, split 'train': expected the first response",
        "in 6 of 12 rated rows (50.0%; max_contradicted allows 49.0%): bad0, bad1, bad2, bad3, bad4, ...",
        "preferred_by to ratings",
        "preferred_by to given",
        "rename",
    ):
        assert words in str(caught.value)


def test_candidates_claim_no_order_so_putting_them_in_one_contradicts_nothing():
    assert candidates(read(*[several(1, 9)] * 4).examples) == ["ba"] * 4
    with pytest.raises(BenchError, match="in 4 of 4 rated rows"):
        read(*[several(1, 9)] * 4, order=PreferenceOrder("given"))


def test_candidates_without_ratings_are_in_no_known_order_unless_the_recipe_says_so():
    rows = [{"prompt": "q", "candidates": ["a", "b"]}] * 3
    reading = read(*rows).reading
    assert not reading.ordered and reading.notes == {NO_ORDER: 3}
    reading = read(*rows, order=PreferenceOrder("given")).reading
    assert reading.ordered and not reading.notes
    assert read({"prompt": "q", "candidates": ["a"]}).reading.ordered, "there is no other"
    assert read({"prompt": "q", "chosen": "a", "rejected": "b"}).reading.ordered


def test_two_scored_candidates_are_the_pair_that_named_columns_make():
    """The better one second, and chosen before rejected: the same examples."""
    named = [pair(9, 1), pair(9, 2)]
    listed = [{"prompt": "q", "candidates": [{"text": "b", "score": i}, {"text": "a", "score": 9}]} for i in (1, 2)]
    assert read(*named).examples == read(*listed).examples


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "score"}, "preferred_by: expected ratings or given, got 'score'"),
        ({"max_contradicted": 1.1}, r"max_contradicted: expected a share in \[0, 1\], got 1.1"),
        ({"max_contradicted": math.nan}, "max_contradicted: expected a share"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PreferenceOrder(**options)


@pytest.mark.shared_data
def test_the_case_of_three_candidates_worst_first(cases: Path):
    examples, reading = normalise(
        read_rows(cases / "first_candidate_rated_worst.jsonl"), split="train", where="the case"
    )
    assert {example.candidates for example in examples} == {("best one", "mid", "worst zz")}
    assert reading.notes == {PUT_FIRST: 16}


@pytest.mark.shared_data
def test_the_case_of_scores_against_the_order(cases: Path):
    rows = read_rows(cases / "scores_against_the_order.jsonl")
    with pytest.raises(BenchError, match=r"in 6 of 6 rated rows \(100.0%; max_contradicted allows 5.0%\)"):
        normalise(rows, split="train", where="the case")
    examples, reading = normalise(rows, split="train", where="the case", order=ANY)
    assert {example.candidates for example in examples} == {("a dog", "a cat")} and reading.notes == {EXCHANGED: 6}
    examples, reading = normalise(rows, split="train", where="the case", order=GIVEN)
    assert {example.candidates for example in examples} == {("a cat", "a dog")} and reading.notes == {KEPT: 6}


def test_one_list_without_ratings_leaves_a_split_in_no_known_order():
    """Its first candidate is just the first; `sft` and pairs would take it for the preferred one."""
    rated, gap = several(1, 9, 5), several(1, None, 5)
    assert read(rated, rated).reading.ordered
    assert not read(rated, gap).reading.ordered
    assert read(rated, gap, drop_missing=["score"]).reading.ordered
    assert read(rated, gap, order=PreferenceOrder("given", 1.0)).reading.ordered
