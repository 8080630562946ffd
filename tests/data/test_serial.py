"""Examples go to JSON and back, and the content hash notices everything that matters."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.example import Example, Message
from benchbench.data.serial import content_hash, from_json, prompt_hash, to_json

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_NUMBER = st.floats(allow_infinity=False)
_MESSAGE = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), _TEXT)


@st.composite
def examples(draw):
    candidates = tuple(draw(st.lists(_TEXT, min_size=1, max_size=4)))
    numbers = st.lists(_NUMBER, min_size=len(candidates), max_size=len(candidates)).map(tuple)
    return Example(
        id=draw(_TEXT),
        prompt=(*draw(st.lists(_MESSAGE, max_size=3)), Message("user", "q" + draw(_TEXT))),
        candidates=candidates,
        ratings=draw(st.none() | numbers),
        label=draw(st.none() | st.booleans()),
        columns=draw(st.dictionaries(_TEXT, numbers | _NUMBER, max_size=3)),
    )


def known(value):
    """The value with NaN replaced by a text, since NaN is not equal to itself."""
    if isinstance(value, tuple):
        return tuple(known(item) for item in value)
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def comparable(example: Example):
    columns = {name: known(column) for name, column in example.columns.items()}
    return replace(example, ratings=known(example.ratings), columns=columns)


@settings(deadline=None)
@given(examples())
def test_an_example_comes_back_from_its_json(example):
    again = from_json(json.loads(json.dumps(to_json(example), allow_nan=False)))
    assert comparable(again) == comparable(example)
    assert to_json(again) == to_json(example)


PAIR = Example("x", (Message("user", "q"),), ("a", "b"), (1.0, math.nan), None, {"gold": (1.0, 2.0), "p": 0.5})


def test_nan_is_null_and_what_is_not_there_is_left_out():
    assert to_json(PAIR)["ratings"] == [1.0, None]
    assert to_json(PAIR)["columns"] == {"gold": [1.0, 2.0], "p": 0.5}
    assert set(to_json(replace(PAIR, ratings=None, columns={}))) == {"id", "prompt", "candidates"}


def test_infinity_is_refused():
    with pytest.raises(ValueError, match="example x: expected finite numbers or NaN, got inf"):
        to_json(replace(PAIR, columns={"p": math.inf}))


@pytest.mark.parametrize(
    "changed",
    [
        replace(PAIR, id="y"),
        replace(PAIR, prompt=(Message("system", "q"),)),
        replace(PAIR, prompt=(Message("user", "q "),)),
        replace(PAIR, candidates=("b", "a")),
        replace(PAIR, ratings=(1.0, 0.0)),
        replace(PAIR, ratings=None),
        replace(PAIR, label=False),
        replace(PAIR, columns={"gold": (1.0, 2.0), "p": 0.5000001}),
    ],
)
def test_the_content_hash_notices_every_part(changed):
    assert content_hash({"train": [changed]}) != content_hash({"train": [PAIR]})


def test_the_content_hash_notices_order_and_split_but_not_the_order_of_splits():
    other = replace(PAIR, id="y")
    hashes = {
        content_hash({"train": [PAIR, other]}),
        content_hash({"train": [other, PAIR]}),
        content_hash({"train": [PAIR], "test": [other]}),
        content_hash({"test": [PAIR], "train": [other]}),
        content_hash({"train": [PAIR, other], "test": []}),
    }
    assert len(hashes) == 5
    assert content_hash({"a": [PAIR], "b": [other]}) == content_hash({"b": [other], "a": [PAIR]})


def test_whole_numbers_hash_as_the_floats_they_are():
    whole = replace(PAIR, ratings=(1, math.nan), columns={"gold": (1, 2), "p": 0.5})
    assert content_hash({"train": [whole]}) == content_hash({"train": [PAIR]})


def test_the_content_hash_is_that_of_these_very_bytes():
    """A head line per split and a line per example: canonical JSON, keys sorted, floats as floats."""
    lines = (
        b'{"examples":1,"split":"train"}\n'
        b'{"candidates":["a","b"],"columns":{"gold":[1.0,2.0],"p":0.5},"id":"x",'
        b'"prompt":[{"content":"q","role":"user"}],"ratings":[1.0,null]}\n'
    )
    assert content_hash({"train": [PAIR]}) == hashlib.sha256(lines).hexdigest()


def test_a_prompt_is_known_by_its_turns_not_by_white_space_around_them():
    assert prompt_hash((Message("user", " q\n"),)) == prompt_hash((Message("user", "q"),))
    assert prompt_hash((Message("user", "q"),)) != prompt_hash((Message("system", "q"),))
    assert prompt_hash((Message("user", "a"), Message("user", "b"))) != prompt_hash((Message("user", "ab"),))
