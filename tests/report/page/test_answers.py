"""Contests of answers: who won, both orders, and how many are shown."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from benchbench.report.page.answers import MOST_RAW, contests_of, won
from tests.report.page.stored import answers


def test_a_contest_has_both_answers_and_the_verdicts_of_either_order():
    shown, total = contests_of(**answers())
    assert len(shown) == total == 24
    first = shown[0]
    assert (first["label"], first["opponent"], first["seed"], first["example"]) == ("simpo", "dpo", 13, "e0")
    assert (first["response"], first["other"]) == ("simpo says e0 13", "dpo says e0 13")
    assert first["prompt"] == [["user", "ask e0"]]
    assert [verdict["order"] for verdict in first["verdicts"]] == ["first", "second"]


@pytest.mark.parametrize(
    ("example", "winner", "disagrees"),
    [("e0", "won", False), ("e1", "tied", True), ("e2", "lost", False), ("e3", "missing", False)],
)
def test_two_orders_make_a_winner_and_may_disagree(example: str, winner: str, disagrees: bool):
    contests = [contest for contest in contests_of(**answers())[0] if contest["example"] == example]
    assert {contest["winner"] for contest in contests} == {winner}
    assert {contest["disagrees"] for contest in contests} == {disagrees}


def test_an_outcome_in_a_word():
    assert [won(outcome) for outcome in (1.0, 0.75, 0.5, 0.25, 0.0, math.nan)] == [
        "won",
        "won",
        "tied",
        "lost",
        "lost",
        "missing",
    ]


def test_against_the_chosen_response_the_other_text_is_the_data_s():
    frames = answers()
    frames["verdicts"] = frames["verdicts"].assign(opponent="chosen")
    assert {contest["other"] for contest in contests_of(**frames)[0]} == {f"right e{n}" for n in range(4)}


def test_without_verdicts_every_answer_stands_by_itself():
    frames = answers() | {"verdicts": pd.DataFrame()}
    shown, total = contests_of(**frames)
    assert total == 36 and {contest["winner"] for contest in shown} == {"not judged"}
    assert {contest["opponent"] for contest in shown} == {""}


def test_nothing_drawn_is_nothing_to_look_at():
    assert contests_of(pd.DataFrame(), pd.DataFrame(), pd.DataFrame()) == ([], 0)


def test_of_too_many_texts_whole_prompts_are_shown_and_all_are_counted():
    everything, total = contests_of(**answers())
    characters = sum(len(c["response"]) + len(c["other"]) + sum(len(t) for _, t in c["prompt"]) for c in everything)
    shown, still = contests_of(**answers(), most_characters=characters // 2)
    assert still == total == 24 and 0 < len(shown) < total
    for example in {contest["example"] for contest in shown}:
        assert sum(contest["example"] == example for contest in shown) == 6, "every row and seed of a prompt"
    assert contests_of(**answers(), most_characters=1)[0], "one prompt at least"


def test_long_words_of_a_judge_are_cut_and_say_so():
    frames = answers()
    frames["verdicts"] = frames["verdicts"].assign(raw="x" * (MOST_RAW + 1))
    assert contests_of(**frames)[0][0]["verdicts"][0]["words"].endswith(f"... ({MOST_RAW + 1} characters)")
