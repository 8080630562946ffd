"""Every column and field is read, known to carry no conversation, ignored by the recipe, or refused."""

from __future__ import annotations

import re

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.columns import TOOL_CALLS, check_ignored, without_ignored
from benchbench.data.normalise import normalise

PAIR = {"prompt": "q", "chosen": "a", "rejected": "b"}
CHAT = {
    "prompt": [{"role": "user", "content": "q"}],
    "chosen": [{"role": "assistant", "content": "a"}],
    "rejected": [{"role": "assistant", "content": "b"}],
}


def read(*rows, **options):
    return normalise(rows, split="train", where="here", **options)


def refusal(*rows, **options):
    with pytest.raises(BenchError) as caught:
        read(*rows, **options)
    assert caught.value.exit_code == ExitCode.USAGE
    return str(caught.value)


def turn(text="", role="assistant", **fields):
    return {"role": role, "content": text, **fields}


def test_all_that_would_be_lost_is_named_at_once_with_what_to_do():
    row = {**CHAT, "context": "t", "p_chosen": 0.5, "propmt": "x", "chosen": [turn("a", weight=1, thinking="hm")]}
    told = refusal(row)
    for part in ("context: ", "p_chosen: ", "propmt: ", "chosen.weight: ", "chosen.thinking: "):
        assert f"\n  {part}" in told
    assert told.startswith("here: parts of the data that would not be read: 5 problems")
    assert told.count("`ignore_columns`") == 5 and told.count("`rename`") == 3
    assert "p_chosen: a column that is not read; `columns` keeps it as numbers" in told
    assert told.count("keeps it as numbers") == 1 and "Did you mean 'prompt'?" in told


def test_one_row_with_a_value_is_enough_and_none_is_no_loss():
    read(PAIR, {**PAIR, "context": None}, {**PAIR, "context": ""}, {**PAIR, "context": []}, {**PAIR, "context": [{}]})
    assert "context" in refusal(PAIR, {**PAIR, "context": "t"})
    read({**CHAT, "chosen": [turn("a", tool_calls=None, weight=None, name="")]})


@pytest.mark.parametrize(
    ("shape", "lost"),
    [
        ({"prompt": "q", "response": "a", "completion": "other"}, "completion"),
        ({"prompt": "q", "candidates": ["a"], "chosen": "a"}, "chosen"),
        ({**PAIR, "label": 1}, "label"),
        ({**PAIR, "response": "r"}, "response"),
        ({**PAIR, "output": "r"}, "output"),
        ({**PAIR, "question": "r"}, "question"),
        ({**PAIR, "conversations": [turn("x", "user")]}, "conversations"),
        ({"prompt": "q", "candidates": [{"text": "a", "why": "x"}]}, "candidates.why"),
        ({"messages": [turn("q", "user", name="Ann"), turn("a")]}, "messages.name"),
        ({"conversations": [{"from": "human", "value": "q", "loss": 1}, {"from": "gpt", "value": "a"}]}, "conv.*loss"),
        ({**PAIR, "source": [turn("not a source", "user")]}, "source"),
    ],
)
def test_a_column_of_another_shape_is_not_passed_over(shape, lost):
    told = refusal(shape)
    assert "1 problem\n" in told
    assert re.search(rf"\n  {lost}: ", told)


def test_columns_without_conversation_are_listed_and_not_read():
    row = {**PAIR, "id": "x", "source": "web", "model": "m", "timestamp": 3, "chosen": "a"}
    candidates = {"prompt": "q", "candidates": [{"text": "a", "model": "m", "score": 1.0}], "dataset": "d"}
    assert read(row).reading.not_read == ("model", "source", "timestamp")
    assert read(candidates).reading.not_read == ("candidates.model", "dataset")
    assert read({**PAIR, "source": None}).reading.not_read == ()
    assert read({**PAIR, "rating": 3}, columns=["rating"]).reading.not_read == ()


def test_what_the_recipe_ignores_is_left_out():
    row = {**CHAT, "context": "t", "chosen": [turn("a", weight=1)]}
    examples, reading = read(row, ignore=["context", "chosen.weight"])
    assert examples[0].candidates == ("a", "b") and reading.not_read == ()
    assert "chosen.weight" in refusal(row, ignore=["context"])
    assert read({**PAIR, "input": "i"}, ignore=["input"]).examples[0].prompt[0].content == "q"


def test_a_column_whose_name_is_given_to_another_is_not_lost():
    row = {"prompt": "old", "question": "q", "chosen": "a", "rejected": "b"}
    assert "prompt: `rename` gives this name to another" in refusal(row, rename={"prompt": "question"})
    assert read(row, rename={"prompt": "question"}, ignore=["prompt"]).examples[0].prompt[0].content == "q"
    read({**row, "prompt": ""}, rename={"prompt": "question"})


def test_the_data_s_own_names_are_told():
    row = {"asked": [turn("q", "user", weight=1)], "chosen": "a", "rejected": "b"}
    assert "\n  asked.weight: " in refusal(row, rename={"prompt": "asked"})
    read(row, rename={"prompt": "asked"}, ignore=["asked.weight"])


CALL = {"type": "function", "function": {"name": "find", "arguments": "{}"}}
WITH_TOOLS = [
    {**CHAT, "chosen": [turn("", tool_calls=[CALL])]},
    {**CHAT, "chosen": [turn("Let me look.", function_call={"name": "find"})]},
    {**CHAT, "prompt": [turn("q", "user"), turn("found", "tool", tool_call_id="1")]},
    {**CHAT, "prompt": [{"from": "human", "value": "q"}, {"from": "observation", "value": "found"}]},
    {**CHAT, "tools": [CALL]},
    {**CHAT, "tools": '[{"name": "find"}]'},
]


@pytest.mark.parametrize("row", WITH_TOOLS)
def test_rows_with_tools_are_refused_or_left_out_and_counted(row):
    assert "tool calls: 1 rows have tools or tool calls, row 1 in " in refusal(CHAT, row)
    examples, reading = read(CHAT, row, {**CHAT, "prompt": ""}, on_tool_calls="drop")
    assert [example.id for example in examples] == ["train-00000"]
    assert reading.dropped == {TOOL_CALLS: 1, "empty prompt": 1}


def test_no_tools_are_no_tools():
    rows = [{**CHAT, "tools": "[]"}, {**CHAT, "tools": []}, {**CHAT, "chosen": [turn("a", tool_calls=[])]}]
    assert len(read(*rows).examples) == 3


def test_fields_of_a_row_with_tools_need_no_answer_of_their_own_once_it_is_left_out():
    row = {**CHAT, "prompt": [turn("q", "user"), turn("found", "tool", name="find")]}
    assert read(CHAT, row, on_tool_calls="drop").reading.dropped == {TOOL_CALLS: 1}


def test_ignored_names_must_be_there():
    rows = {"train": [{**CHAT, "context": "t"}], "test": [{**CHAT, "chosen": [turn("a", weight=1)]}]}
    check_ignored(rows, ["context", "chosen.weight"])
    with pytest.raises(BenchError, match="ignore_columns: .*: contxt. Did you mean 'context'"):
        check_ignored(rows, ["contxt"])
    with pytest.raises(BenchError, match=r"ignore_columns: .*: chosen.wieght. Did you mean 'chosen.weight'"):
        check_ignored(rows, ["chosen.wieght"])


def test_a_column_with_a_dot_in_its_name_is_a_column():
    rows = [{**PAIR, "a.b": 1}]
    check_ignored({"train": rows}, ["a.b"])
    assert without_ignored(rows, ["a.b"]) == [PAIR]
