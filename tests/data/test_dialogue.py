"""Dialogues in one text: turns, and the same text again."""

from __future__ import annotations

import pytest

from benchbench.core.example import Message
from benchbench.data.dialogue import (
    answered,
    is_dialogue,
    is_dialogue_prompt,
    read_dialogue,
    spelled_out,
    write_dialogue,
)
from benchbench.data.normalise import normalise


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("\n\nHuman: q\n\nAssistant: a", [("user", "q"), ("assistant", "a")]),
        ("Human: q\n\nAssistant: a", [("user", "q"), ("assistant", "a")]),
        ("\n\nHuman:q\n\nAssistant:", [("user", "q"), ("assistant", "")]),
        ("\n\nHuman:  q \n\n\nAssistant: a\n", [("user", " q \n"), ("assistant", "a\n")]),
        ("\n\nHuman: see\nHuman: this\n\nAssistant: a", [("user", "see\nHuman: this"), ("assistant", "a")]),
        ("\n\nHuman: a\n\nHuman: b\n\nAssistant: c", [("user", "a"), ("user", "b"), ("assistant", "c")]),
    ],
)
def test_turns_are_read_and_written_again(text, turns):
    assert is_dialogue(text)
    read = read_dialogue(text)
    assert [(message.role, message.content) for message in read] == turns
    assert write_dialogue(read) == spelled_out(text)


@pytest.mark.parametrize(
    "text", ["Human beings.", "a Human: q\n\nAssistant: a", "\n\nHuman: q", "Human: a\nAssistant: b"]
)
def test_other_texts_are_no_dialogue(text):
    assert not is_dialogue(text)


def test_a_prompt_waits_for_its_answer():
    assert is_dialogue_prompt("\n\nHuman: q\n\nAssistant:") and is_dialogue_prompt("\n\nHuman: q")
    assert is_dialogue_prompt("Human: q\n\nAssistant: ")
    assert not is_dialogue_prompt("Human: what does that mean?") and not is_dialogue_prompt("q\n\nAssistant:")
    assert answered("\n\nHuman: q", "a") == answered("\n\nHuman: q", "\n\nAssistant: a")
    assert answered("\n\nHuman: q\n\nAssistant:", " a") == "\n\nHuman: q\n\nAssistant: a"
    assert write_dialogue([Message("system", "s")]) is None


def read(**row):
    good = {"prompt": "q", "chosen": "a", "rejected": "b"}
    examples, reading = normalise([good, row], split="train", where="here")
    return (examples[1] if len(examples) == 2 else None), [*reading.dropped]


H, A = "\n\nHuman: ", "\n\nAssistant: "


def test_earlier_turns_are_the_prompt_and_equal_answers_stay_two():
    example, _ = read(chosen=f"{H}q{A}a{H}r{A}x", rejected=f"{H}q{A}a{H}r{A}x")
    assert example is not None
    assert [m.content for m in example.prompt] == ["q", "a", "r"] and example.candidates == ("x", "x")


def test_shared_first_words_of_the_answers_stay_with_the_answers():
    example, _ = read(chosen=f"{H}q{A}Yes, it is.", rejected=f"{H}q{A}Yes, but no.")
    assert example is not None and example.candidates == ("Yes, it is.", "Yes, but no.")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"chosen": f"{H}q{A}a", "rejected": "b"}, "one of chosen and rejected is a dialogue, the other is not"),
        ({"chosen": f"{H}q{A}a{H}r{A}x", "rejected": f"{H}q{A}b"}, "chosen is not one turn"),
        ({"chosen": f"{H}q{A}a", "rejected": f"{H}other{A}b"}, "no prompt"),
        ({"prompt": f"{H}q{A}a", "chosen": "a", "rejected": "b"}, "prompt ends with an assistant turn"),
        ({"prompt": f"{H}q\n\nAssistant:", "chosen": f"a{H}r{A}x", "rejected": "b"}, "chosen is not one turn"),
    ],
)
def test_dialogues_that_are_no_example_are_counted(row, why):
    assert read(**row) == (None, [why])


def test_a_prompt_beside_whole_dialogues_is_one_of_their_turns():
    example, _ = read(prompt="q", chosen=f"{H}q{A}a", rejected=f"{H}q{A}b")
    assert example is not None and (example.prompt[0].content, example.candidates) == ("q", ("a", "b"))


def test_answers_that_are_dialogues_stay_texts_beside_a_prompt_that_they_do_not_hold():
    example, _ = read(prompt="Write a dialogue.", chosen=f"Human: hi{A}a", rejected=f"Human: ho{A}b")
    assert example is not None and example.candidates == (f"Human: hi{A}a", f"Human: ho{A}b")
