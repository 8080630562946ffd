"""What the page says of vLLM as the engine of rounds, from the committed numbers."""

from __future__ import annotations

import json

from benchmarks.vllm_rounds import NUMBERS, PAGE, with_lines


def test_the_page_says_the_committed_numbers():
    record = json.loads(NUMBERS.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_lines(text, record)


def test_one_process_served_three_rounds_and_its_log_probabilities_are_ours():
    record = json.loads(NUMBERS.read_text(encoding="utf-8"))
    assert record["processes"] == 1 and record["engines made anew"] == 0
    assert record["reloads"] == len(record["seconds of the reloads"]) == 6, (
        "policies of rounds 2 and 3, and 4 that answer"
    )
    assert [each["round"] for each in record["rounds"]] == [1, 2, 3]
    assert all(each["log-probabilities, nats"]["largest of a token"] < 1e-4 for each in record["rounds"])
