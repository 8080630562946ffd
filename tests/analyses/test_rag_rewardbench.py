"""rag_rewardbench: a hand-made file with known accuracy by scenario."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from harness import bench

from benchbench import sources
from benchbench.analyses.rag_rewardbench import analyse
from benchbench.core.analysis import NoOptions
from benchbench.core.errors import BenchError

ROWS = [
    *({"scenario": "citation", "chosen": c, "rejected": 0.0} for c in (1, 2, -1, 0)),
    *({"scenario": "abstain", "chosen": c, "rejected": 1.0} for c in (0, 2)),
    *({"scenario": "conflict", "chosen": c, "rejected": 0.5} for c in (1, 1, 1, 1)),
]


def test_accuracies_are_those_of_the_file():
    """Citation (1 + 1 + 0 + 1/2) / 4, abstain 1 of 2, conflict all; 7.5 of 10 pairs."""
    (table,) = analyse({"pairs": ROWS}, NoOptions()).tables
    found = {row["scenario"]: row for row in table.rows}
    assert [row["scenario"] for row in table.rows[:3]] == ["abstain", "citation", "conflict"]
    assert [found[name]["accuracy"] for name in ("citation", "abstain", "conflict")] == [0.625, 0.5, 1.0]
    assert found["all pairs"]["accuracy"] == pytest.approx(0.75)
    assert found["mean of scenarios"]["accuracy"] == pytest.approx((0.625 + 0.5 + 1) / 3)
    assert found["citation"]["ties"] == 1 and found["conflict"]["se"] == 0


def test_one_pair_has_no_standard_error():
    analysed = analyse({"pairs": ROWS[:1]}, NoOptions())
    assert math.isnan(analysed.tables[0].rows[0]["se"]) and analysed.notes


def published(subset: str, number: int) -> dict[str, Any]:
    """A row as the data set has it, as far as it is known."""
    texts = {"prompt": f"[1] passage {number}", "question": f"which {subset} {number}?", "chosen": "a", "reject": "b"}
    return {"subset": subset, **texts, "chosen_model": "m", "reject_model": "n"}


def test_published_rows_become_pairs_that_local_files_read(tmp_path: Path):
    rows = [published("hop", 0), published("hop", 1), published("abstain", 0)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ended = bench("analyse", "rag_rewardbench", tmp_path / "rows.jsonl", "--out", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["tables"]["subsets"] == [{"subset": "abstain", "pairs": 1}, {"subset": "hop", "pairs": 2}]
    source = sources.get("local_files")
    examples = source.load(source.options(files={"test": "pairs.jsonl"}), tmp_path / "out")["test"]
    assert [example.id for example in examples] == ["hop/0", "hop/1", "abstain/0"]
    assert examples[1].candidates == ("a", "b")
    assert examples[1].prompt[-1].content == "[1] passage 1\n\nwhich hop 1?"


def test_rewards_of_responses_are_paired_by_example():
    rewards = {"hop/0": (1.0, 0.0), "hop/1": (0.0, 1.0), "abstain/0": (2.0, 2.0)}
    rows = [
        {"example": name, "candidate": k, "reward": reward}
        for name, pair in rewards.items()
        for k, reward in enumerate(pair)
    ]
    (table,) = analyse({"pairs": rows}, NoOptions()).tables
    found = {row["scenario"]: row for row in table.rows}
    assert (found["hop"]["accuracy"], found["abstain"]["accuracy"], found["abstain"]["ties"]) == (0.5, 0.5, 1)
    for odd in (rows[1:], [row | {"example": row["example"].replace("/", "-")} for row in rows]):
        with pytest.raises(BenchError, match="expected examples SUBSET/NUMBER with candidates 0 and 1"):
            analyse({"pairs": odd}, NoOptions())


def test_rows_of_no_form_are_refused():
    with pytest.raises(BenchError, match="example, candidate, reward; or scenario, chosen, rejected; found scenario"):
        analyse({"pairs": [{"scenario": "hop"}]}, NoOptions())
    with pytest.raises(BenchError, match="column 'chosen': expected a score, found 'a'"):
        analyse({"pairs": [{"scenario": "hop", "chosen": "a", "rejected": 0.0}]}, NoOptions())
