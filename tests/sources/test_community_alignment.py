"""Community Alignment from a file in the columns that public readers of it use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.sources import community_alignment
from benchbench.sources.community_alignment import CommunityAlignmentOptions


def row(number: int, preferred: str | None, country: str, **more: Any) -> dict[str, Any]:
    responses = {f"first_turn_response_{letter}": f"{letter} {number}<|end_of_text|>" for letter in "abcd"}
    return {
        "conversation_id": f"c{number}",
        "annotator_id": f"u{number % 2}",
        "assigned_lang": "en",
        "annotator_country": country,
        "first_turn_prompt": f"question {number}",
        "first_turn_preferred_response": preferred,
        "second_turn_prompt": "and then?",
        **responses,
        **more,
    }


ROWS = [row(0, "response_b", "us"), row(1, None, "in"), row(2, "response_d", "fr", first_turn_response_a=None)]


def written(folder: Path, rows: list[dict[str, Any]]) -> CommunityAlignmentOptions:
    (folder / "ca.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return CommunityAlignmentOptions(files={"train": "ca.jsonl"})


def test_the_preferred_response_makes_a_pair_with_each_other_one(tmp_path: Path):
    """Three pairs of the first row, two of the third, whose first response is missing; the second has no choice."""
    options = written(tmp_path, ROWS)
    loaded = community_alignment.load(options, tmp_path)
    assert [example.candidates for example in loaded["train"]] == [
        ("b 0", "a 0"),
        ("b 0", "c 0"),
        ("b 0", "d 0"),
        ("d 2", "b 2"),
        ("d 2", "c 2"),
    ]
    assert [example.id for example in loaded["train"]] == ["c0 a", "c0 c", "c0 d", "c2 b", "c2 c"]
    assert loaded["train"][0].prompt[0].content == "question 0"
    reading = loaded.readings["train"]
    assert (reading.rows, reading.dropped) == (3, {"no prompt, or no preferred response": 1})
    assert list(community_alignment.identity(options, tmp_path)) == ["ca.jsonl"]


def test_countries_and_annotators_are_numbers_in_the_order_of_their_names(tmp_path: Path):
    """Countries fr 0, in 1, us 2; the annotators of rows 0 and 2 are the same."""
    loaded = community_alignment.load(written(tmp_path, ROWS), tmp_path)
    assert [example.columns["group"] for example in loaded["train"]] == [2.0, 2.0, 2.0, 0.0, 0.0]
    assert {example.columns["user"] for example in loaded["train"]} == {0.0}


def test_a_file_with_other_columns_is_refused_by_their_names(tmp_path: Path):
    with pytest.raises(BenchError, match="missing: first_turn_prompt, first_turn_response_a"):
        community_alignment.load(written(tmp_path, [{"prompt": "x"}]), tmp_path)
