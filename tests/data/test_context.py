"""Prompts in one column or several, as one conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.example import Message
from benchbench.data.context import in_front
from benchbench.data.normalise import normalise

ROLES = {"s": "system", "u": "user", "a": "assistant"}


def turns(letters):
    return tuple(Message(ROLES[letter], f"{letter}{place}") for place, letter in enumerate(letters))


def rows_of(messages):
    return [{"role": message.role, "content": message.content} for message in messages]


GOOD = {"prompt": "q", "chosen": "a", "rejected": "b"}


def dropped(**row):
    examples, reading = normalise([GOOD, GOOD | row], split="train", where="here")
    assert len(examples) == 1
    return [*reading.dropped]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"system": "s", "prompt": [{"role": "system", "content": "t"}, *rows_of(turns("u"))]}, "two system messages"),
        ({"system": 3}, "system is not text"),
        ({"history": [["a"]]}, "history has an exchange that is not of two texts"),
        ({"history": [["a", 1]]}, "text of the history is not text"),
        ({"history": [["a", None]]}, "no text of the history"),
        ({"history": ["a", "b"]}, "history is no list of turns"),
        ({"history": "a"}, "history is no list of turns"),
        ({"input": 3}, "input is not text"),
        ({"input": "i", "prompt": rows_of(turns("u"))}, "an input beside a prompt of turns"),
        ({"input": "i", "prompt": None}, "an input without a prompt"),
        ({"prompt": "other", "messages": rows_of(turns("ua"))}, "messages are neither the prompt nor"),
    ],
)
def test_columns_that_do_not_go_together_make_no_example(row, why):
    (reason,) = dropped(**row)
    assert reason.startswith(why)


def test_what_a_conversation_begins_with_already_stays_once():
    row = {"system": "s0", "history": rows_of(turns("suau")[1:3])}
    for given_turns in (turns("suau"), turns("suau")[1:], turns("suau")[3:]):
        assert in_front(row, given_turns) == turns("suau")


def test_a_prompt_beside_conversations_must_be_one_of_their_turns():
    chosen, rejected = rows_of(turns("ua")), rows_of((*turns("u"), Message("assistant", "other")))
    assert dropped(prompt="else", chosen=chosen, rejected=rejected) == [
        "prompt is no turn of the conversations beside it"
    ]
    whole = normalise([{"prompt": " u0\n", "chosen": chosen, "rejected": rejected}], split="train", where="here")
    assert whole.examples[0].prompt == turns("u")
    examples, reading = normalise(
        [{"messages": chosen, "prompt": "u0"}, {"messages": chosen, "prompt": "else"}], split="train", where="here"
    )
    assert len(examples) == 1 and reading.dropped == {"prompt is no turn of the messages beside it": 1}


def test_messages_beside_a_pair_are_held_against_it():
    pair = {"prompt": "u0", "chosen": "a1", "rejected": "b"}
    for messages in (turns("ua"), turns("u"), (*turns("u"), Message("assistant", "b"))):
        examples, reading = normalise([pair | {"messages": rows_of(messages)}], split="train", where="here")
        assert examples[0].candidates == ("a1", "b") and not reading.dropped


@given(st.text("xy", min_size=1), st.lists(st.tuples(st.text("xy"), st.text("xy")), max_size=3), st.text("xy"))
def test_nothing_that_stands_before_a_prompt_is_lost_or_told_twice(prompt, history, system):
    own = (Message("user", prompt),)
    row = {"system": system, "history": [list(pair) for pair in history]}
    whole = in_front(row, own)
    exchanges = [text for pair in history for text in pair] if any(a or b for a, b in history) else []
    assert [m.content for m in whole] == [*([system] if system else []), *exchanges, prompt]
    assert in_front({"system": system}, whole) == whole
