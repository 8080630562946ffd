"""Of every row of every shape, prompt and response give again what came in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.example import Message
from benchbench.data import rows as shapes
from benchbench.data.messages import Turn, UnfitRowError
from benchbench.data.normalise import normalise
from benchbench.data.round_trip import LOST, conserved

WORDS = st.text("ab,. \n?", max_size=8)
ASKED = WORDS.filter(str.strip)
MARK = {"user": "\n\nHuman: ", "assistant": "\n\nAssistant: "}


@st.composite
def conversations(draw):
    """A prompt of one turn or more, with or without a system message, and two answers."""
    earlier = draw(st.lists(st.tuples(WORDS, WORDS), max_size=2))
    system = [("system", draw(ASKED))] if draw(st.booleans()) else []
    turns = [turn for asked, said in earlier for turn in (("user", asked), ("assistant", said))]
    return [*system, *turns, ("user", draw(ASKED))], (draw(WORDS), draw(WORDS))


def as_messages(turns):
    return [{"role": role, "content": text} for role, text in turns]


def as_sharegpt(turns):
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    return [{"from": names[role], "value": text} for role, text in turns]


def as_text(turns):
    return "".join(MARK[role] + text for role, text in turns)


def said(text):
    return [("assistant", text)]


def spellings(turns, answers):
    """The same conversation in every shape that can hold it: (row, how many of the answers it has)."""
    one, other = answers
    for write in (as_messages, as_sharegpt):
        prompt, wholes = write(turns), [write([*turns, *said(answer)]) for answer in answers]
        yield {"prompt": prompt, "chosen": one, "rejected": other}, 2
        yield {"prompt": prompt, "chosen": write(said(one)), "rejected": write(said(other))}, 2
        yield {"prompt": prompt, "chosen": wholes[0], "rejected": wholes[1]}, 2
        yield {"chosen": wholes[0], "rejected": wholes[1]}, 2
        yield {"prompt": prompt, "candidates": [one, {"text": other, "score": 1.0}]}, 2
        yield {"prompt": prompt, "completion": one, "label": True}, 1
        yield {"messages": wholes[0], "label": True}, 1
        yield {"prompt": prompt, "response": one}, 1
        yield {"prompt": prompt, "completion": write(said(one)), "messages": wholes[0]}, 1
        yield {"messages": wholes[0]}, 1
    if turns[0][0] == "system":
        lead, rest = turns[0][1], turns[1:]
        pairs = [[rest[i][1], rest[i + 1][1]] for i in range(0, len(rest) - 1, 2)]
        yield {"system": lead, "prompt": as_messages(rest), "chosen": one, "rejected": other}, 2
        if any(text for pair in pairs for text in pair) or not pairs:
            yield {"system": lead, "history": pairs, "prompt": rest[-1][1], "chosen": one, "rejected": other}, 2
    else:
        yield {"chosen": as_text([*turns, *said(one)]), "rejected": as_text([*turns, *said(other)])}, 2
        yield {"prompt": as_text(turns) + "\n\nAssistant:", "chosen": f" {one}", "rejected": f" {other}"}, 2
        yield {"prompt": as_text(turns), "response": one}, 1


@settings(max_examples=60, deadline=None)
@given(conversations())
def test_the_conversation_that_came_in_is_read_in_every_shape(conversation):
    turns, answers = conversation
    for row, count in spellings(turns, answers):
        examples, reading = normalise([row], split="train", where="here")
        assert not reading.dropped
        assert [(message.role, message.content) for message in examples[0].prompt] == turns, row
        assert examples[0].candidates == answers[:count], row


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS, WORDS)
def test_two_texts_are_given_again_to_the_character(start, one, other):
    good = {"prompt": "q", "chosen": "a", "rejected": "b"}
    texts = (start + one, start + other)
    examples, reading = normalise([good, {"chosen": texts[0], "rejected": texts[1]}], split="train", where="here")
    if len(examples) == 1:
        assert [*reading.dropped] in (["empty prompt"], ["no prompt, and chosen and rejected are the same text"])
        return
    (prompt,) = examples[1].prompt
    assert tuple(prompt.content + answer for answer in examples[1].candidates) == texts
    assert reading.notes == {shapes.CUT_PROMPT: 1}


ASKED_Q = (Message("user", "q"),)


@pytest.mark.parametrize(
    ("turn", "prompt", "came"),
    [
        (Turn(ASKED_Q, ("a",)), "q", "a "),
        (Turn(ASKED_Q, ("a",)), "p", "a"),
        (Turn(ASKED_Q, ("a",)), None, "q a"),
        (Turn(ASKED_Q, ("a",)), [{"role": "system", "content": "q"}], "a"),
        (Turn(ASKED_Q, ("a",)), None, [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]),
        (Turn(ASKED_Q, ("a",)), None, "\n\nHuman: q\n\nAssistant: a\n"),
        (Turn(ASKED_Q, ("a",)), "\n\nHuman: q\n\nAssistant:", "b"),
    ],
)
def test_a_loss_is_found(turn, prompt, came):
    with pytest.raises(UnfitRowError, match=LOST):
        conserved(turn, prompt, [came])


def test_a_reader_that_loses_a_space_makes_no_example(monkeypatch):
    """The check is used: rows that it refuses are counted, whichever reader is at fault."""
    monkeypatch.setattr(shapes, "common_beginning", lambda first, second: 4)
    monkeypatch.setattr(shapes, "Turn", lambda prompt, responses: Turn(prompt, tuple(r.strip() for r in responses)))
    good = {"prompt": "q", "chosen": "a", "rejected": "b"}
    reading = normalise([good, {"chosen": "Yes, it", "rejected": "Yes, no"}], split="train", where="here").reading
    assert reading.dropped == {LOST: 1}
