"""Every writer on five prompts, field by field against the documented format."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

from benchbench import exports
from benchbench.core.errors import BenchError
from benchbench.core.export import ExportedPairs, Responses
from benchbench.exports.arena_hard import markdown_counts
from tests.exports.responses import ANSWERS, TEXTS, prompt_set, responses

IDS = tuple(f"alpaca_eval-{place:03d}" for place in range(5))
UIDS = tuple(f"{place:016x}" for place in range(5))
QUESTIONS = tuple(str(number) for number in range(81, 86))


def only(files: dict[str, str]) -> tuple[str, str]:
    (item,) = files.items()
    return item


def lines(text: str) -> list[dict]:
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_the_room_holds_the_four_formats():
    assert exports.names() == ("alpaca_eval", "arena_hard", "mt_bench", "reward_bench")


def test_alpaca_eval_is_a_json_list_in_the_prompts_order():
    path, text = only(exports.get("alpaca_eval").files(responses(prompt_set(IDS, dataset="helpful_base"))))
    assert path == "dpo-seed1/model_outputs.json"
    assert json.loads(text) == [
        {"dataset": "helpful_base", "instruction": instruction, "output": output, "generator": "dpo-seed1"}
        for instruction, output in zip(TEXTS, ANSWERS, strict=True)
    ]
    assert all(list(row) == ["dataset", "instruction", "output", "generator"] for row in json.loads(text))


def test_arena_hard_is_one_line_per_uid_with_metadata_in_the_order_that_style_control_reads():
    path, text = only(exports.get("arena_hard").files(responses(prompt_set(UIDS, category="hard_prompt"))))
    assert path == "data/arena-hard-v2.0/model_answer/dpo-seed1.jsonl"
    rows = lines(text)
    assert [row["uid"] for row in rows] == list(UIDS)
    for place, row in enumerate(rows):
        assert list(row) == ["uid", "ans_id", "model", "messages", "tstamp", "metadata"]
        assert row["model"] == "dpo-seed1"
        assert row["messages"] == [
            {"role": "user", "content": TEXTS[place]},
            {"role": "assistant", "content": {"answer": ANSWERS[place]}},
        ]
        assert row["tstamp"] == 0
        assert list(row["metadata"]) == ["token_len", "header_count", "list_count", "bold_count"]
        assert row["metadata"]["token_len"] == 3 * place + 1
    assert len({row["ans_id"] for row in rows}) == 5
    assert rows[1]["metadata"] == {
        "token_len": 4,
        "header_count": {"h1": 1, "h2": 0, "h3": 0, "h4": 0, "h5": 0, "h6": 0},
        "list_count": {"ordered": 2, "unordered": 1},
        "bold_count": {"**": 1, "__": 1},
    }


def test_markdown_in_code_blocks_is_not_counted():
    counts = markdown_counts(ANSWERS[2])
    assert counts["header_count"] == {"h1": 0, "h2": 0, "h3": 1, "h4": 0, "h5": 0, "h6": 0}
    assert counts["list_count"] == {"ordered": 0, "unordered": 1}
    assert counts["bold_count"] == {"**": 0, "__": 0}


def test_arena_hard_of_the_first_release_has_its_own_folder_and_its_own_ids():
    ids = tuple(f"ah-{place:032x}" for place in range(5))
    path, text = only(exports.get("arena_hard").files(responses(prompt_set(ids, category="arena-hard-v0.1"))))
    assert path == "data/arena-hard-v0.1/model_answer/dpo-seed1.jsonl"
    assert [row["uid"] for row in lines(text)] == [f"{place:032x}" for place in range(5)]


@pytest.mark.parametrize("ids", [QUESTIONS, tuple(f"mtb-{name}" for name in QUESTIONS)])
def test_mt_bench_holds_both_turns(ids: tuple[str, ...]):
    path, text = only(exports.get("mt_bench").files(responses(prompt_set(ids, second=True), turns=2)))
    assert path == "data/mt_bench/model_answer/dpo-seed1.jsonl"
    for place, row in enumerate(lines(text)):
        assert list(row) == ["question_id", "answer_id", "model_id", "choices", "tstamp"]
        assert row["question_id"] == 81 + place
        assert row["model_id"] == "dpo-seed1"
        assert row["choices"] == [{"index": 0, "turns": [ANSWERS[place], f"again {ANSWERS[place]}"]}]
        assert row["tstamp"] == 0


def test_reward_bench_counts_strictly_higher_pairs_by_subset():
    rows = pd.DataFrame(
        [("a", "chat", 1.0, 0.0), ("b", "chat", 0.0, 0.0), ("c", "code", 2.0, 3.0), ("d", "code", 3.0, 2.0)],
        columns=["example", "subset", "chosen", "rejected"],
    )
    path, text = only(exports.get("reward_bench").files(ExportedPairs("dpo-seed1", "sft-seed1", "mine", rows)))
    assert path == "results/eval-set/benchbench/dpo-seed1.json"
    assert json.loads(text) == {
        "model": "benchbench/dpo-seed1",
        "ref_model": "sft-seed1",
        "model_type": "DPO",
        "chat_template": "mine",
        "chat": 0.5,
        "code": 0.5,
    }
    free = json.loads(only(exports.get("reward_bench").files(ExportedPairs("m", None, "mine", rows)))[1])
    assert free["model_type"] == "DPO Ref. Free"
    assert free["ref_model"] is None


@pytest.mark.parametrize("name", ["alpaca_eval", "arena_hard", "mt_bench"])
def test_the_same_responses_give_the_same_bytes_and_others_other_ids(name: str):
    export = exports.get(name)
    given = responses(prompt_set(QUESTIONS, second=export.turns == 2), turns=export.turns)
    assert export.files(given) == export.files(given)
    other = dataclasses.replace(given, rows=given.rows.assign(text=[f"{text}!" for text in given.rows["text"]]))
    ids = (
        [row.get("ans_id", row.get("answer_id")) for row in lines(only(export.files(given))[1])]
        if name[0] != "a"
        else []
    )
    others = [row.get("ans_id", row.get("answer_id")) for row in lines(only(export.files(other))[1])] if ids else []
    assert not set(ids) & set(others)


def broken(given: Responses, how: str) -> Responses:
    rows = given.rows
    changed = {
        "missing": rows.drop(index=2),
        "re-ordered": rows.iloc[[1, 0, *range(2, len(rows))]],
        "6 rows": pd.concat([rows.iloc[:1], rows]),
        "'x'": rows.assign(example=["x", *rows["example"][1:]]),
    }
    return dataclasses.replace(given, rows=changed[how])


@pytest.mark.parametrize("how", ["missing", "re-ordered", "6 rows"])
@pytest.mark.parametrize("name", ["alpaca_eval", "arena_hard", "mt_bench"])
def test_rows_that_are_not_the_prompt_files_are_refused(name: str, how: str):
    export = exports.get(name)
    given = responses(prompt_set(QUESTIONS, second=export.turns == 2), turns=export.turns)
    with pytest.raises(BenchError, match=how):
        export.files(broken(given, how))


def test_conversations_that_a_format_has_no_place_for_are_refused():
    two = responses(prompt_set(QUESTIONS, second=True), turns=2)
    for name in ("alpaca_eval", "arena_hard"):
        with pytest.raises(BenchError, match="81.*expected one user turn"):
            exports.get(name).files(two)
    with pytest.raises(BenchError, match="81.*expected two turns, found one"):
        exports.get("mt_bench").files(responses(prompt_set(QUESTIONS)))
    with pytest.raises(BenchError, match="whole number"):
        exports.get("mt_bench").files(responses(prompt_set(tuple("abcde"), second=True), turns=2))


def test_scores_that_are_none_are_refused():
    rows = pd.DataFrame([("a", "chat", float("nan"), 0.0)], columns=["example", "subset", "chosen", "rejected"])
    with pytest.raises(BenchError, match="NaN"):
        exports.get("reward_bench").files(ExportedPairs("m", None, "mine", rows))
