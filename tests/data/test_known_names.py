"""Data in the shapes that are common out there, read without an option."""

from __future__ import annotations

import pytest

from benchbench.core.example import Message
from benchbench.data.known_names import ALSO_CALLED, METADATA, is_metadata
from benchbench.data.normalise import normalise
from benchbench.data.rows import ID_COLUMNS, KNOWN_COLUMNS


def read(*rows, **options):
    return normalise(rows, split="train", where="here", **options)


def said(role, text):
    return {"from": role, "value": text}


def turn(role, text):
    return {"role": role, "content": text}


ASKED = (Message("user", "q"),)
WITH_INPUT = (Message("user", "q\n\ni"),)
WITH_SYSTEM = (Message("system", "s"), *ASKED)
LATER = (Message("user", "a"), Message("assistant", "b"), *ASKED)
PAIR = ("x", "y")


@pytest.mark.parametrize(
    ("row", "prompt", "responses"),
    [
        ({"instruction": "q", "input": "i", "output": "x"}, WITH_INPUT, ("x",)),
        ({"instruction": "q", "input": "", "output": "x"}, ASKED, ("x",)),
        ({"instruction": "q", "input": "i", "chosen": "x", "rejected": "y"}, WITH_INPUT, PAIR),
        ({"instruction": "q", "input": "i", "system": "s", "output": "x"}, (WITH_SYSTEM[0], *WITH_INPUT), ("x",)),
        ({"instruction": "q", "history": [["a", "b"]], "output": "x"}, LATER, ("x",)),
        ({"prompt": "q", "history": [turn("user", "a"), turn("assistant", "b")], "response": "x"}, LATER, ("x",)),
        ({"system": "s", "question": "q", "chosen": "x", "rejected": "y"}, WITH_SYSTEM, PAIR),
        ({"id": "1", "system_prompt": "s", "question": "q", "response": "x"}, WITH_SYSTEM, ("x",)),
        ({"system": "s", "prompt": [turn("user", "q")], "chosen": "x", "rejected": "y"}, WITH_SYSTEM, PAIR),
        ({"system": "s", "prompt": [turn("system", "s"), turn("user", "q")], "completion": "x"}, WITH_SYSTEM, ("x",)),
        ({"conversations": [said("system", "s"), said("human", "q"), said("gpt", "x")]}, WITH_SYSTEM, ("x",)),
        ({"conversations": [said("human", "q"), said("gpt", "x")], "system": "s", "tools": "[]"}, WITH_SYSTEM, ("x",)),
        (
            {"conversations": [said("human", "q")], "chosen": said("gpt", "x"), "rejected": said("gpt", "y")},
            ASKED,
            PAIR,
        ),
        ({"chosen": "\n\nHuman: q\n\nAssistant: x", "rejected": "\n\nHuman: q\n\nAssistant: y"}, ASKED, PAIR),
        ({"prompt": "\n\nHuman: q\n\nAssistant:", "chosen": " x", "rejected": " y"}, ASKED, PAIR),
        ({"messages": [turn("user", "q"), turn("assistant", "x")], "label": True}, ASKED, ("x",)),
        ({"messages": [turn("user", "q"), turn("assistant", "x")], "kto_tag": False}, ASKED, ("x",)),
        ({"prompt": "q", "prompt_id": "1", "messages": [turn("user", "q"), turn("assistant", "x")]}, ASKED, ("x",)),
    ],
)
def test_shapes_of_the_ecosystem_need_no_option(row, prompt, responses):
    examples, reading = read(row)
    assert (examples[0].prompt, examples[0].candidates) == (prompt, responses)
    assert examples[0].label == row.get("label", row.get("kto_tag")) and not reading.dropped


def test_an_input_may_be_the_whole_prompt():
    rows = ({"instruction": "q", "input": "i", "output": "x"}, {"instruction": "", "input": "q", "output": "x"})
    assert [example.prompt for example in read(*rows).examples] == [WITH_INPUT, ASKED]


def test_scores_under_another_name_are_ratings():
    row = {"prompt": "q", "chosen": "x", "rejected": "y", "chosen_score": 4, "rejected_score": 2}
    examples, reading = read(row)
    assert examples[0].ratings == (4.0, 2.0)
    assert reading.notes["'chosen_score' read as score_chosen"] == 1


def test_a_name_that_is_ours_already_is_not_taken_by_another():
    assert read({"prompt": "q", "question": None, "chosen": "x", "rejected": "y"}).examples[0].prompt == ASKED
    row = {"prompt": "", "question": "q", "chosen": "x", "rejected": "y"}
    examples, reading = read(row)
    assert examples[0].prompt == ASKED and reading.notes == {"'question' read as prompt": 1}


def test_a_column_that_the_recipe_keeps_as_numbers_is_not_taken():
    row = {"prompt": "q", "chosen": "x", "rejected": "y", "chosen_score": 4}
    assert read(row, columns=["chosen_score"]).examples[0].columns == {"chosen_score": 4.0}


def test_no_name_is_both_read_and_known_to_carry_nothing():
    names = {name for group in METADATA.values() for name in group}
    assert names & {*KNOWN_COLUMNS} == {*ID_COLUMNS}
    assert not names & {name for others in ALSO_CALLED.values() for name in others}
    assert {*ALSO_CALLED} <= {*KNOWN_COLUMNS}
    for name in ("system", "input", "history", "tools", "context", "instruction", "text", "explanation"):
        assert not is_metadata(name)
    assert is_metadata("Model-Name")
