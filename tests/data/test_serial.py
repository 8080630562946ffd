"""Examples go to JSON and back, and the content hash notices everything that matters."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.example import Example, Message, Span
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
        roles=draw(st.none() | st.just(tuple(f"role_{k}" for k in range(len(candidates))))),
        prompts=draw(st.none() | st.just(tuple((Message("user", f"q{k}"),) for k in range(len(candidates))))),
        spans=draw(st.dictionaries(_TEXT.filter(lambda name: name != "mask"), spans_of(candidates), max_size=2)),
    )


def spans_of(candidates: tuple[str, ...]) -> st.SearchStrategy[tuple[tuple[Span, ...], ...]]:
    """At most one span in each text that has a character."""
    numbers = st.floats(allow_nan=False, allow_infinity=False)

    def row(length: int) -> st.SearchStrategy[tuple[Span, ...]]:
        return st.just(()) | numbers.map(lambda value: (Span(0, length, value),) if length else ())

    return st.tuples(*(row(len(text)) for text in candidates))


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


def test_an_example_without_roles_prompts_and_spans_is_written_as_before():
    """The content hash of every data set that has none of them stays what it is."""
    assert set(to_json(PAIR)) == {"id", "prompt", "candidates", "ratings", "columns"}
    found = content_hash({"train": [replace(PAIR, ratings=None, columns={})]})
    lines = (
        '{"examples":1,"split":"train"}',
        '{"candidates":["a","b"],"id":"x","prompt":[{"content":"q","role":"user"}]}',
    )
    assert found == hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_each_of_them_moves_the_hash_and_is_plain_json():
    spans = {"mask": ((Span(0, 1, 0.0),), ())}
    variants = [
        PAIR,
        replace(PAIR, roles=("chosen", "rejected")),
        replace(PAIR, prompts=(PAIR.prompt, PAIR.prompt)),
        replace(PAIR, spans=spans),
    ]
    assert len({content_hash({"train": [variant]}) for variant in variants}) == 4
    assert to_json(variants[3])["spans"] == {"mask": [[[0, 1, 0.0]], []]}
    assert isinstance(from_json(to_json(variants[3])).spans["mask"][0][0], Span)
