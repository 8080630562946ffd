"""Rows of every shape become examples; rows that cannot are counted under a reason."""

from __future__ import annotations

import math

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Message
from benchbench.data.normalise import MISSING_SCORES, REPEATED_IDS, normalise
from benchbench.data.preference_order import UNRATED


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


QUESTION = (Message("user", "q"),)


def read(*rows, **options):
    return normalise(rows, split="train", where="here", **options)


def only(row):
    examples, reading = read(row)
    assert not reading.dropped
    return examples[0]


def reason(row, *, good):
    """Why a row is dropped, beside a good one of the same shape."""
    examples, reading = read(good, row)
    assert (len(examples), reading.rows) == (1, 2)
    ((why, count),) = reading.dropped.items()
    assert count == 1
    return why


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"prompt": [user("q")], "chosen": "a", "rejected": "b"},
        {"prompt": [user("q")], "chosen": [assistant("a")], "rejected": [assistant("b")]},
        {"prompt": [user("q")], "chosen": assistant("a"), "rejected": assistant("b")},
        {"prompt": "q", "chosen": [assistant("a")], "rejected": [assistant("b")]},
        {"chosen": [user("q"), assistant("a")], "rejected": [user("q"), assistant("b")]},
        {"prompt": None, "chosen": [user("q"), assistant("a")], "rejected": [user("q"), assistant("b")]},
        # as HuggingFaceH4/ultrafeedback_binarized has it
        {"prompt": "q", "chosen": [user("q"), assistant("a")], "rejected": [user("q"), assistant("b")]},
        {"prompt": [user("q")], "chosen": [user("q"), assistant("a")], "rejected": [user("q"), assistant("b")]},
    ],
)
def test_every_shape_of_a_pair_is_the_same_example(row):
    example = only(row)
    assert example.prompt == QUESTION and example.candidates == ("a", "b")
    assert example.ratings is None and example.label is None and example.columns == {}
    assert example.id == "train-00000"


def test_the_prompt_of_two_texts_is_their_common_beginning():
    """The space before the responses goes with them, as in TRL; shared first words of the responses do not."""
    example = only({"chosen": "The sky is blue.", "rejected": "The sky is green."})
    assert example.prompt[0].content == "The sky is" and example.candidates == (" blue.", " green.")
    example = only({"chosen": "Q: sky? A: It is blue.", "rejected": "Q: sky? A: It was."})
    assert example.prompt[0].content == "Q: sky? A: It"
    example = only({"chosen": "Q: sky?", "rejected": "Q: sky? Yes"})
    assert example.candidates == ("", " Yes")


def test_the_prompt_of_two_conversations_is_their_common_beginning_without_the_last_turn():
    turns = [{"role": "system", "content": "s"}, user("q"), assistant("a"), user("r")]
    example = only({"chosen": [*turns, assistant("x")], "rejected": [*turns, assistant("x")]})
    assert [m.content for m in example.prompt] == ["s", "q", "a", "r"] and example.candidates == ("x", "x")


def test_scores_become_ratings_and_a_column():
    example = only({"prompt": "q", "chosen": "a", "rejected": "b", "score_chosen": 8, "score_rejected": 5.5})
    assert example.ratings == (8.0, 5.5) and example.columns == {"score": (8.0, 5.5)}
    assert all(type(rating) is float for rating in example.ratings or ())


def test_missing_scores_are_nan_and_counted_and_none_at_all_is_no_rating():
    base = {"prompt": "q", "chosen": "a", "rejected": "b"}
    examples, reading = read({**base, "score_chosen": 1.0, "score_rejected": None}, base)
    assert examples[0].ratings is not None and examples[0].ratings[0] == 1.0
    assert [math.isnan(r) for e in examples for r in e.ratings or ()] == [False, True, True, True]
    assert reading.notes == {MISSING_SCORES: 3, UNRATED: 2}
    examples, reading = read({**base, "score_chosen": None, "score_rejected": None})
    assert examples[0].ratings is None and reading.notes == {}


@pytest.mark.parametrize(
    "row",
    [
        {
            "prompt": "q",
            "candidates": [{"text": "a", "score": 1}, {"text": "b", "score": 0.5}, {"text": "c", "score": 0}],
        },
        {"prompt": "q", "candidates": ["a", "b", "c"], "scores": [1, 0.5, 0]},
        {"prompt": [user("q")], "candidates": [[assistant("a")], assistant("b"), "c"], "scores": [1, 0.5, 0]},
    ],
)
def test_every_shape_of_k_candidates_is_the_same_example(row):
    example = only(row)
    assert example.prompt == QUESTION and example.candidates == ("a", "b", "c")
    assert example.ratings == (1.0, 0.5, 0.0)


def test_candidates_without_scores_have_no_ratings():
    assert only({"prompt": "q", "candidates": ["a", "b"]}).ratings is None


def test_thumbs():
    up, down = read(
        {"prompt": "q", "completion": "a", "label": True}, {"prompt": "q", "completion": [assistant("b")], "label": 0}
    ).examples
    assert (up.candidates, up.label, down.candidates, down.label) == (("a",), True, ("b",), False)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "completion": "a"},
        {"prompt": "q", "response": "a"},
        {"messages": [user("q"), assistant("a")]},
    ],
)
def test_a_label_beside_a_demonstration_is_read_whatever_its_shape(row):
    up, down = read({**row, "label": 1}, {**row, "label": False}).examples
    assert (up.prompt, up.candidates, up.label) == (QUESTION, ("a",), True)
    assert (down.candidates, down.label) == (("a",), False)
    assert only(row).label is None


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "response": "a"},
        {"prompt": "q", "completion": "a"},
        {"prompt": "q", "completion": "a", "label": None},
        {"prompt": [user("q")], "completion": [assistant("a")]},
        {"messages": [user("q"), assistant("a")]},
        {"prompt": None, "messages": [user("q"), assistant("a")]},
    ],
)
def test_every_shape_of_a_demonstration_is_the_same_example(row):
    example = only(row)
    assert (example.prompt, example.candidates, example.label) == (QUESTION, ("a",), None)


def test_pairs_come_before_the_messages_beside_them():
    row = {"prompt": "q", "chosen": "a", "rejected": "b", "messages": [user("q"), assistant("a")]}
    assert only(row).candidates == ("a", "b")


def test_empty_and_odd_responses_are_kept_as_they_are():
    assert only({"prompt": "q", "chosen": "", "rejected": "\n b "}).candidates == ("", "\n b ")


PAIR = {"prompt": "q", "chosen": "a", "rejected": "b"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({**PAIR, "prompt": ""}, "empty prompt"),
        ({**PAIR, "prompt": " \n"}, "empty prompt"),
        ({**PAIR, "prompt": [user("")]}, "empty prompt"),
        ({**PAIR, "prompt": []}, "prompt is no list of turns"),
        ({**PAIR, "prompt": 3}, "prompt is no list of turns"),
        ({**PAIR, "prompt": ["q"]}, "prompt is no list of turns"),
        ({**PAIR, "prompt": [{"role": "narrator", "content": "q"}]}, "prompt has a turn of unknown role"),
        ({**PAIR, "prompt": [{"from": "narrator", "value": "q"}]}, "prompt has a turn of unknown role"),
        ({**PAIR, "prompt": [{"role": "user", "content": None}]}, "no content of a turn in prompt"),
        ({**PAIR, "prompt": [{"role": "user", "content": [1]}]}, "content of a turn in prompt is not text"),
        ({**PAIR, "prompt": [user("q"), assistant("a")]}, "prompt ends with an assistant turn"),
        ({**PAIR, "prompt": "\ud800"}, "prompt is not valid Unicode"),
        ({**PAIR, "chosen": "\udfff"}, "chosen is not valid Unicode"),
        ({**PAIR, "chosen": None}, "no chosen or no rejected response"),
        ({**PAIR, "rejected": 5}, "one of chosen and rejected is a text, the other a conversation"),
        ({**PAIR, "chosen": [user("x")], "rejected": [user("y")]}, "chosen is not an assistant turn"),
        ({"chosen": "a", "rejected": "a"}, "no prompt, and chosen and rejected are the same text"),
        ({"chosen": "a", "rejected": "b"}, "empty prompt"),
        ({"chosen": [assistant("a")], "rejected": [assistant("b")]}, "no prompt"),
        (
            {"chosen": [user("q"), assistant("a"), user("r"), assistant("x")], "rejected": [user("q"), assistant("b")]},
            "chosen is not one turn",
        ),
        ({**PAIR, "prompt": [user("q")], "chosen": [], "rejected": []}, "chosen is no list of turns"),
        ({**PAIR, "score_chosen": "9"}, "a score is not a number"),
        ({**PAIR, "score_chosen": True}, "a score is not a number"),
        ({**PAIR, "score_chosen": float("inf")}, "a score is not finite"),
    ],
)
def test_a_pair_that_is_no_example_is_counted_under_its_reason(row, why):
    assert reason(row, good=PAIR) == why


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"prompt": "q", "candidates": []}, "no candidates"),
        ({"prompt": "q", "candidates": "a"}, "no candidates"),
        ({"prompt": "q", "candidates": ["a", None]}, "no candidate"),
        ({"prompt": "q", "candidates": [{"score": 1}]}, "no candidate"),
        ({"prompt": "q", "candidates": ["a"], "scores": [1, 2]}, "scores are not one per candidate"),
        ({"prompt": "q", "candidates": ["a"], "scores": 1}, "scores are not one per candidate"),
        ({"prompt": None, "candidates": ["a"]}, "no prompt"),
    ],
)
def test_candidates_that_are_no_example_are_counted(row, why):
    assert reason(row, good={"prompt": "q", "candidates": ["a", "b"]}) == why


THUMB = {"prompt": "q", "completion": "a", "label": True}
CHAT = {"messages": [user("q"), assistant("a")]}


@pytest.mark.parametrize(
    ("row", "good", "why"),
    [
        ({**THUMB, "label": "up"}, THUMB, "label is not true or false"),
        ({**THUMB, "label": 2}, THUMB, "label is not true or false"),
        ({"prompt": "q", "completion": "a"}, THUMB, "label is not true or false"),
        ({**THUMB, "completion": None}, THUMB, "no completion"),
        ({"prompt": "q", "response": None}, {"prompt": "q", "response": "a"}, "no response"),
        ({"messages": [assistant("a")]}, CHAT, "no prompt"),
        ({"messages": [user("q"), user("a")]}, CHAT, "response is not an assistant turn"),
    ],
)
def test_other_rows_that_are_no_example_are_counted(row, good, why):
    assert reason(row, good=good) == why


def test_reasons_add_up():
    examples, reading = read(PAIR, {**PAIR, "prompt": ""}, {**PAIR, "prompt": ""}, {**PAIR, "chosen": None})
    assert reading.dropped == {"empty prompt": 2, "no chosen or no rejected response": 1}
    assert reading.rows == len(examples) + sum(reading.dropped.values())


def test_ids_are_the_rows_own_or_its_place():
    rows = [
        {**PAIR, "id": "x"},
        {**PAIR, "prompt_id": 7},
        PAIR,
        {**PAIR, "id": ""},
        {**PAIR, "id": None, "prompt_id": "y"},
    ]
    assert [e.id for e in read(*rows).examples] == ["x", "7", "train-00002", "train-00003", "y"]


def test_a_place_counts_dropped_rows_too():
    assert [e.id for e in read({**PAIR, "prompt": ""}, PAIR).examples] == ["train-00001"]


def test_repeated_ids_are_made_unique_and_counted_and_never_take_a_rows_own():
    examples, reading = read(*({**PAIR, "id": name} for name in ("x", "x", "x#2", "x", "y")))
    assert [e.id for e in examples] == ["x", "x#3", "x#2", "x#4", "y"]
    assert reading.notes == {REPEATED_IDS: 2}


def test_further_columns_are_numbers_or_one_number_per_candidate():
    examples, reading = read(
        {**PAIR, "p": 0.5, "gold": [1, None]}, {**PAIR, "p": None, "gold": [1, 2]}, columns=["p", "gold"]
    )
    assert examples[0].columns["p"] == 0.5 and examples[1].columns["gold"] == (1.0, 2.0)
    assert math.isnan(examples[0].columns["gold"][1]) and math.isnan(examples[1].columns["p"])
    assert reading.notes == {
        "missing values in column 'gold', NaN": 1,
        "missing values in column 'p', NaN": 1,
    }
    _, reading = read({**PAIR, "gold": [1, 2]}, {**PAIR, "gold": [1, 2, 3]}, {**PAIR, "gold": "high"}, columns=["gold"])
    assert reading.dropped == {"column 'gold' has not one value per candidate": 1, "column 'gold' is not a number": 1}


def test_nothing_in_a_column_of_lists_is_a_gap_for_each_candidate():
    examples, reading = read({**PAIR, "gold": [1, 2]}, {**PAIR, "gold": None}, columns=["gold"])
    gap = examples[1].columns["gold"]
    assert isinstance(gap, tuple) and len(gap) == 2 and all(map(math.isnan, gap))
    assert reading.notes == {"missing values in column 'gold', NaN": 2}


def test_rows_without_a_value_in_a_named_column_are_dropped_and_counted():
    rows = [{**PAIR, "p": 0.5, "score_chosen": 2, "score_rejected": score} for score in (1, None, 1)]
    rows += [{**PAIR, "p": None, "score_chosen": 2, "score_rejected": 1}, {**PAIR, "p": math.nan, "score_chosen": 2}]
    examples, reading = read(*rows, columns=["p"], drop_missing=["p", "score"])
    assert [e.id for e in examples] == ["train-00000", "train-00002"] and not reading.notes
    assert reading.dropped == {
        "no value in column 'p' (drop_missing)": 2,
        "no value in column 'score' (drop_missing)": 1,
    }


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf")])
def test_a_number_too_large_to_be_one_is_not_finite(value):
    assert reason({**PAIR, "score_chosen": value, "score_rejected": 1}, good=PAIR) == "a score is not finite"


def test_rename_overrides_a_column_of_that_name():
    rows = [{"prompt": "wrong", "question": "q", "good": "a", "bad": "b"}]
    names = {"prompt": "question", "chosen": "good", "rejected": "bad"}
    example = read(*rows, rename=names, ignore=["prompt"]).examples[0]
    assert example.prompt == QUESTION and example.candidates == ("a", "b")


def test_rename_may_swap_two_columns():
    example = read(PAIR, rename={"chosen": "rejected", "rejected": "chosen"}).examples[0]
    assert example.candidates == ("b", "a")


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], {}, "here: expected rows for split 'train', found none"),
        ([{"text": "a"}], {}, "here: expected the columns chosen, rejected; or .* found text; `rename`"),
        ([{"prompt": "q"}], {}, "found prompt;"),
        ([{"chosen": None, "rejected": "a"}], {}, "found rejected;"),
        ([{**PAIR, "prompt": ""}], {}, "here: no row of split 'train' is an example; empty prompt: 1"),
        (
            [PAIR],
            {"rename": {"chosen": "choosen"}},
            "rename names columns that are .* Did you mean 'chosen'",
        ),
        ([PAIR], {"columns": ["p"]}, "here: expected the columns p; found chosen, prompt, rejected"),
    ],
)
def test_what_no_split_can_be_made_of(rows, options, message):
    with pytest.raises(BenchError, match=message) as caught:
        normalise(rows, split="train", where="here", **options)
    assert caught.value.exit_code == ExitCode.USAGE
