"""`bench compare --prompts`: answers to a prompt file, judged and shown beside the pair metrics."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from harness import MICRO, Ended, bench, finish, generate_section

from benchbench import sources

SECTIONS = (
    generate_section(prompts=4, tokens=6)
    + """judge:
  name: gold
  against: [baseline, chosen]
"""
)
BASELINE_ALONE = ("--set", "judge.against=[baseline]")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison, and prompt files: with and without responses, of two turns, and doubled."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "mine.yaml").write_text(MICRO.read_text(encoding="utf-8") + SECTIONS, encoding="utf-8")
    toy = sources.get("toy")
    examples = toy.load(toy.options(demonstrations=1, preference_prompts=1, test_prompts=30), Path())["test"][20:]
    rows = [{"id": f"p{i}", "prompt": one.prompt[0].content} for i, one in enumerate(examples)]
    files = {
        "plain": rows,
        "answered": [row | {"response": one.candidates[0]} for row, one in zip(rows, examples, strict=True)],
        "half": [rows[0] | {"response": "a"}, rows[1]],
        "turns": [{"question_id": 1, "category": "c", "turns": [rows[0]["prompt"], "again"]}],
        "doubled": [rows[0], rows[0] | {"id": "other"}],
    }
    for name, content in files.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    status = finish(["dpo"], setting=folder / "mine.yaml", seeds=(1, 2), runs=folder / "runs")
    assert set(status.values()) == {"done"}
    return folder


def compare(world: Path, results: Path, file: str, *words: object) -> Ended:
    where = ("--setting", world / "mine.yaml", "--runs", world / "runs", "--results", results, "--workers", 1)
    return bench("compare", "dpo", "--seeds", 1, 2, "--prompts", world / f"{file}.jsonl", *where, *words)


def test_a_file_s_prompts_are_answered_and_judged(world: Path, tmp_path: Path):
    ended = compare(world, tmp_path, "answered", "--json")
    assert ended.code == 0, ended.err
    rows = {(row["label"], row["opponent"]): row for row in ended.json["win_rates"]}  # type: ignore[index]
    assert set(rows) == {("dpo", "chosen"), ("sft", "chosen"), ("sft", "dpo")}
    assert {row["raw"]["runs"][0]["prompts"] for row in rows.values()} == {10}
    with (tmp_path / "micro" / "win_rates.csv").open() as handle:
        table = list(csv.DictReader(handle))
    assert {row["prompts"] for row in table} == {"answered.jsonl"}
    assert {row["n"] for row in table} == {"10"}
    titles = (tmp_path / "micro" / "win_rates.md").read_text(encoding="utf-8")
    assert "**win rate against the file's own response, judge gold, 10 prompts of answered.jsonl, temp" in titles
    assert "**win rate against dpo, judge gold, 10 prompts of answered.jsonl, temperature 1" in titles
    records = [json.loads(line) for line in (tmp_path / "micro" / "cells.jsonl").read_text().splitlines()]
    assert all(any(role.startswith("generate to prompts ") for role in record["stages"]) for record in records)


def test_tables_of_other_prompts_and_judges_stay_beside_each_other(world: Path, tmp_path: Path):
    annotator = ("--set", "judge.name=toy_annotator", "--set", "judge.options.length_bias=0.6")
    for words in (("answered",), ("plain", *BASELINE_ALONE), ("plain", *BASELINE_ALONE, *annotator)):
        ended = compare(world, tmp_path, *words)
        assert ended.code == 0, ended.err
    with (tmp_path / "micro" / "win_rates.csv").open() as handle:
        table = list(csv.DictReader(handle))
    assert {row["judge"] for row in table if "--set judge.options.length_bias=0.6" in row["marks"]} == {"toy_annotator"}
    assert "every row: --set " in (tmp_path / "micro" / "win_rates.md").read_text(encoding="utf-8")
    found = {(row["prompts"], row["judge"], row["opponent"]) for row in table}
    assert found == {
        ("answered.jsonl", "gold", "chosen"),
        ("answered.jsonl", "gold", "dpo"),
        ("plain.jsonl", "gold", "dpo"),
        ("plain.jsonl", "toy_annotator", "dpo"),
    }


def test_the_answers_are_those_that_eval_draws(world: Path, tmp_path: Path):
    assert compare(world, tmp_path, "plain", *BASELINE_ALONE).code == 0
    before = sorted((world / "runs" / "generate").iterdir())
    asked = ("--prompts", world / "plain.jsonl", "--setting", world / "mine.yaml", "--seeds", 1, 2)
    ended = bench("eval", "dpo", *asked, "--runs", world / "runs", "--workers", 1)
    assert ended.code == 0, ended.err
    assert sorted((world / "runs" / "generate").iterdir()) == before


@pytest.mark.parametrize(
    ("file", "words", "told"),
    [
        ("plain", (), "judge.against: expected 'chosen' only with responses in the prompt file"),
        ("half", (), "add --set 'judge.against=[baseline]'"),
        ("answered", ("--set", "generate.num_samples=2"), "generate.num_samples: expected 1 with --prompts"),
        ("turns", BASELINE_ALONE, "two turns; draw the answers with bench eval --prompts"),
        ("doubled", BASELINE_ALONE, "row 2: expected every prompt once, found that of row 1 again"),
        ("plain", ("--pairs-only",), "--pairs-only draws no responses"),
        ("plain", ("--set", "generate.num_prompts=2"), "--set generate.num_prompts=2: not read with --prompts"),
        ("plain", ("--set", "generate.split=train"), "--set generate.split=train: not read with --prompts"),
        ("none", (), "no such file"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_anything_runs(
    world: Path, tmp_path: Path, file: str, words: tuple[str, ...], told: str
):
    before = sorted((world / "runs").glob("*/*"))
    ended = compare(world, tmp_path, file, *words)
    assert ended.code == (5 if file == "none" else 2), ended.err
    assert told in ended.err
    assert not list(tmp_path.iterdir())
    made = [path for path in sorted((world / "runs").glob("*/*")) if path not in before]
    assert {path.parent.name for path in made} <= {"data", "hashes"}


def test_a_setting_without_a_generate_section_says_so(world: Path, tmp_path: Path):
    ended = compare(world, tmp_path, "plain", "--setting", MICRO)
    assert ended.code == 2
    assert "expected a generate section" in ended.err


def test_prompts_of_no_toy_world_name_the_judge(world: Path, tmp_path: Path):
    (world / "strange.jsonl").write_text(json.dumps({"id": "x", "prompt": "list 3 c"}) + "\n", encoding="utf-8")
    ended = compare(world, tmp_path, "strange", *BASELINE_ALONE)
    assert ended.code == 2, ended.err
    assert "judge.name: 'gold' knows the prompts of source toy alone, and example x of the prompt file" in ended.err
