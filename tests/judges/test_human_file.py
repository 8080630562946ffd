"""Verdicts of people, from a file."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest, JudgeContext
from benchbench.judges.human_file.judge import JUDGE, HumanFileOptions, identity, prompt_key, text_key

from .contests import PROMPT, contest, context, verdicts


def row(first: str, second: str, wins: Any, *, prompt: Any = PROMPT[0].content) -> dict[str, Any]:
    return {"prompt": prompt, "first": first, "second": second, "first_wins": wins}


def hashed(first: str, second: str, wins: Any) -> dict[str, Any]:
    return {
        "prompt_hash": prompt_key(PROMPT),
        "first_hash": text_key(first),
        "second_hash": text_key(second),
        "first_wins": wins,
    }


def written(path: Path, rows: list[dict[str, Any]]) -> HumanFileOptions:
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return HumanFileOptions(path.name)


@pytest.mark.parametrize("name", ["v.jsonl", "v.csv"])
@pytest.mark.parametrize("make", [row, hashed])
@pytest.mark.parametrize(("words", "wins"), [("first", 1.0), ("second", 0.0), ("tie", 0.5), (0.25, 0.25), (1, 1.0)])
def test_texts_and_hashes_and_both_orders_say_the_same(tmp_path, name: str, make: Any, words: Any, wins: float):
    options = written(tmp_path / name, [make("a hare, say\n", "a horse", words), make("x", "y", 0)])
    given = [contest("a hare, say\n", "a horse"), contest("a horse", "a hare, say"), contest("y", "x")]
    found = verdicts(JUDGE, options, given, context(tmp_path))
    assert [verdict.first_wins for verdict in found] == [wins, 1 - wins, 1.0]


def test_several_people_are_averaged_whatever_order_they_saw(tmp_path):
    rows = [row("a", "b", 1), row("b", "a", 0), row("a", "b", "tie"), row("b", "a", "first")]
    (verdict,) = verdicts(JUDGE, written(tmp_path / "v.jsonl", rows), [contest("a", "b")], context(tmp_path))
    assert verdict.first_wins == (1 + 1 + 0.5 + 0) / 4
    assert verdict.raw == "1 1 0.5 0"


def test_a_conversation_is_a_list_of_turns(tmp_path):
    turns = (Message("user", "one"), Message("assistant", "two"), Message("user", "three"))
    as_list = [{"role": turn.role, "content": turn.content} for turn in turns]
    options = written(tmp_path / "v.jsonl", [row("a", "b", 1, prompt=as_list)])
    assert verdicts(JUDGE, options, [contest("a", "b", prompt=turns)], context(tmp_path))[0].first_wins == 1.0


def test_a_file_of_other_texts_is_refused_with_a_count_and_an_example(tmp_path):
    options = written(tmp_path / "v.jsonl", [row("a", "b", 1)])
    given = [contest("a", "b"), contest("a", "c", example="e1"), contest("b", "c", example="e2")]
    with pytest.raises(
        BenchError, match="found none for 2 of 3 contests, such as sample 0 of example e1; check that the file"
    ):
        verdicts(JUDGE, options, given, context(tmp_path))
    found = verdicts(JUDGE, HumanFileOptions("v.jsonl", partial=True), given, context(tmp_path))
    assert [verdict.first_wins for verdict in found] == [1.0, None, None]
    assert found[1].note == "no verdict in the file" and found[1].raw == ""
    with pytest.raises(BenchError, match="found none for 2 of 2 contests"):
        verdicts(JUDGE, HumanFileOptions("v.jsonl", partial=True), given[1:], context(tmp_path))


def test_a_run_that_goes_on_may_have_nothing_left_in_the_file(tmp_path):
    """The contests that it had a verdict for were read from the cache."""
    written(tmp_path / "v.jsonl", [row("a", "b", 1)])
    left = [contest("a", "c")]
    found = verdicts(JUDGE, HumanFileOptions("v.jsonl", partial=True), left, JudgeContext(tmp_path, known=1))
    assert [verdict.first_wins for verdict in found] == [None]
    with pytest.raises(BenchError, match="found none for 1 of 1 contests"):
        verdicts(JUDGE, HumanFileOptions("v.jsonl"), left, JudgeContext(tmp_path, known=1))


def test_texts_that_differ_in_outer_white_space_alone_tie(tmp_path):
    options = written(tmp_path / "v.jsonl", [row("a", "b", 1), row("c", "c ", 1)])
    given = [contest("a", "b"), contest("b ", "b"), contest("c", "c\n")]
    found = verdicts(JUDGE, options, given, context(tmp_path))
    assert [verdict.first_wins for verdict in found] == [1.0, 0.5, 0.5]
    assert all(verdict.raw and not verdict.note for verdict in found)


def test_blank_hashes_are_none_and_capitals_are_the_same_hash(tmp_path):
    blank = {**row("a", "b", 1), "prompt_hash": "", "first_hash": "", "second_hash": ""}
    capitals = {name: str(value).upper() for name, value in hashed("c", "d", "0").items()}
    for name in ("v.jsonl", "v.csv"):
        both = [dict.fromkeys(blank, "") | one for one in (blank, capitals)]
        found = verdicts(
            JUDGE, written(tmp_path / name, both), [contest("a", "b"), contest("c", "d")], context(tmp_path)
        )
        assert [verdict.first_wins for verdict in found] == [1.0, 0.0]


def test_a_file_that_was_edited_since_gives_no_verdict(tmp_path):
    options = written(tmp_path / "v.jsonl", [row("a", "b", 1)])
    where = JudgeContext(tmp_path, pins=identity(options, tmp_path))
    assert len(verdicts(JUDGE, options, [contest("a", "b")], where)) == 1
    written(tmp_path / "v.jsonl", [row("a", "b", 0)])
    with pytest.raises(BenchError, match=r"judge.options.path \(v.jsonl\): expected the content that it had"):
        verdicts(JUDGE, options, [contest("a", "b")], where)


@pytest.mark.parametrize(
    "wrong",
    [
        row("a", "b", 1.5),
        row("a", "b", "first one"),
        row("a", "b", None),
        {"prompt": "x", "first": "a", "first_wins": 1},
        {"first": "a", "second": "b", "first_wins": 1},
        row("a", "b", 1, prompt=[{"role": "user"}]),
        row("a", "b", 1, prompt=7),
        {**row("a", "b", 1), "first": 3},
        {**row("a", "b", 1), "first_hash": ["a"]},
        {**row("a", "b", 1), "prompt_hash": ["a"]},
        {**row("a", "b", 1), "prompt_hash": 5},
        {**row("a", "b", 1), "second_hash": "no hash"},
    ],
)
def test_a_row_that_says_nothing_is_named(tmp_path, wrong: dict[str, Any]):
    options = written(tmp_path / "v.jsonl", [row("x", "y", 1), wrong])
    with pytest.raises(BenchError, match=r"v.jsonl, row 2: expected prompt_hash or prompt"):
        verdicts(JUDGE, options, [contest("x", "y")], context(tmp_path))


def test_no_file_is_said(tmp_path):
    for name in ("nothing.jsonl", "nothing.csv"):
        with pytest.raises(BenchError, match="no such file"):
            verdicts(JUDGE, HumanFileOptions(name), [contest("a", "b")], context(tmp_path))


def test_the_identity_is_the_content_and_not_the_name(tmp_path):
    one, two = (written(tmp_path / name, [row("a", "b", 1)]) for name in ("one.jsonl", "two.jsonl"))
    other = written(tmp_path / "other.jsonl", [row("a", "b", 0)])
    assert identity(one, tmp_path) == identity(two, tmp_path) != identity(other, tmp_path)
    assert not JUDGE.sees_slots


@pytest.mark.shared_data
def test_pandalm_verdicts_come_back_whatever_the_order(shared: Path, tmp_path):
    """708 contests between named models, three people each; prompts and texts recur, so votes of one pair add up."""
    with gzip.open(shared / "comparisons" / "pandalm_human.jsonl.gz", "rt") as file:
        given = [json.loads(line) for line in file]
    value = {"a": "first", "b": "second", "tie": "tie"}
    rows, votes, contests = [], {}, []
    for one in given:
        prompt = tuple(Message(turn["role"], turn["content"]) for turn in one["prompt"])
        key = (prompt_key(prompt), one["response_a"].strip(), one["response_b"].strip())
        for number, person in enumerate(one["annotators"]):
            texts = {"first": one["response_a"], "second": one["response_b"], "first_wins": value[person]}
            if number % 2:  # people saw either order
                back = {"first": "second", "second": "first", "tie": "tie"}
                texts = {
                    "first": one["response_b"],
                    "second": one["response_a"],
                    "first_wins": back[texts["first_wins"]],
                }
            rows.append({"prompt": one["prompt"], **texts})
            votes.setdefault(key, []).append({"a": 1.0, "b": 0.0, "tie": 0.5}[person])
            votes.setdefault((key[0], key[2], key[1]), []).append({"a": 0.0, "b": 1.0, "tie": 0.5}[person])
        contests.append(Contest(one["id"], 0, prompt, one["response_a"], one["response_b"]))
    options = written(tmp_path / "human.jsonl", rows[::-1])
    found = verdicts(JUDGE, options, contests, context(tmp_path))
    assert len(found) == 708
    for one, verdict in zip(contests, found, strict=True):
        mine = votes[prompt_key(one.prompt), one.first.strip(), one.second.strip()]
        assert verdict.first_wins == pytest.approx(sum(mine) / len(mine), abs=1e-12)
    alone = [
        (verdict.first_wins, one["p_a"])
        for one, verdict in zip(given, found, strict=True)
        if len(verdict.raw.split()) == 3
    ]
    assert len(alone) > 500
    assert all(share == pytest.approx(p_a, abs=1e-6) for share, p_a in alone)
