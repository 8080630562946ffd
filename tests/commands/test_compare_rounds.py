"""Comparisons of rows that were trained in rounds: tables of rounds, their measurements, and drawn data made again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, WIDE, Ended, bench, finish, generate_section, reseal

from benchbench.commands.compare.row_facts import _RowFacts
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageRecord
from benchbench.store.results import ResultStore
from benchbench.store.runs import RunStore
from tests.stages.rounds import drawn

SETS = (drawn(count=2, more="evaluate: each", per_round=6), "preference.global_batch_size=4")
JUDGE = "judge: {name: gold, against: [baseline, chosen]}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison of DPO in two rounds."""
    path = tmp_path_factory.mktemp("rounds")
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=6) + JUDGE
    (path / "setting.yaml").write_text(text, encoding="utf-8")
    status = finish(["dpo"], runs=path / "runs", setting=path / "setting.yaml", sets=SETS)
    assert set(status.values()) == {"done"}, status
    return path


def compare(folder: Path, *more: str, sets: Sequence[str] = SETS) -> Ended:
    sets = [word for text in sets for word in ("--set", text)]
    where = ("--runs", folder / "runs", "--results", folder / "results")
    return bench("compare", "dpo", "--setting", folder / "setting.yaml", "--seeds", 1, *sets, *where, *more)


def test_each_round_has_a_row_and_measurements_of_its_own(folder: Path):
    ended = compare(folder, "--json")
    assert ended.code == 0, ended.err
    rows = ended.json["rounds"]  # type: ignore[index]
    assert [(row["label"], row["round"], row["seed"]) for row in rows] == [("dpo", 1, 1), ("dpo", 2, 1)]
    assert all(row["kl_k1"] is not None and 0 <= row["win_over_start"] <= 1 for row in rows)
    assert all(row["responses"] == 18 and row["labels"] == 18 for row in rows)
    frame = pd.read_csv(folder / "results" / "micro" / "measurements.csv", dtype=str, keep_default_na=False)
    of_dpo = frame.loc[frame["method"] == "dpo"]
    assert set(of_dpo["round"]) == {"", "1"} and set(frame.loc[frame["method"] == "sft", "round"]) == {""}
    assert (of_dpo["round"] == "").sum() == (of_dpo["round"] == "1").sum()
    again = compare(folder)
    assert again.code == 0 and "rounds: what each drew" in again.out


@pytest.mark.parametrize(("start", "each"), [("previous", ""), ("sft", ", each from sft")])
def test_facts_are_of_all_rounds(start: str, each: str, folder: Path, tmp_path: Path):
    """By hand: every record of a training says 7 updates, 5 examples and 11 tokens; there are two rounds."""
    sets = [drawn(count=2, more=f"evaluate: each, start: {start}", per_round=6), *SETS[1:]]
    request = CompareRequest(["dpo"], str(folder / "setting.yaml"), ["1"], overrides=sets)
    session = prepare_comparison(request, RunOptions(runs=folder / "runs")).session

    class Same(RunStore):
        def record(self, key: str) -> StageRecord | None:
            record = super().record(session.cells[0].rounds[0].policy if key.startswith("preference/") else key)
            return None if record is None else replace(record, summary={"steps": 7, "examples": 5}, tokens=11)

    rows = [cell for cell in session.cells if cell.loaded.label == "dpo"]
    own = _RowFacts(rows, session.plan, Same(folder / "runs"), ResultStore(tmp_path, "micro"))
    facts = own.values()
    expected = {"updates": f"14 in 2 rounds{each}", "examples": f"10 in 2 rounds{each}"}
    assert facts | expected | {"tokens seen": f"22 in 2 rounds{each}", "other trained policies": "none"} == facts


def test_a_plan_shows_rounds_folded_with_what_they_cost(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", WIDE)
    sets = [word for text in SETS for word in ("--set", text)]
    line = ("compare", "dpo", "--setting", folder / "setting.yaml", "--seeds", 1, *sets, "--runs", tmp_path)
    text = bench(*line, "--dry-run").text
    assert "dpo seed 1: 2 rounds of rollout, label, select, score, preference" in text
    assert "dpo seed 1: 36 responses to draw, 36 labels to ask for" in text
    (rounds,) = bench(*line, "--dry-run", "--json").json["rounds"]  # type: ignore[index]
    assert rounds["responses"] == 36 and rounds["rounds"] == 2
    assert "0 responses to draw" in compare(folder, "--dry-run").text


def test_a_plan_of_rounds_stands_side_by_side_where_there_is_no_terminal(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    sets = [word for text in SETS for word in ("--set", text)]
    out = bench(
        "compare", "dpo", "--setting", folder / "setting.yaml", "--seeds", 1, *sets, "--runs", tmp_path, "--dry-run"
    ).out
    assert re.search(r"^stage +key +status +seconds$", out, flags=re.MULTILINE), out
    assert max(map(len, out.splitlines())) <= 80


def test_rows_that_read_what_is_no_longer_there_are_refused(folder: Path):
    rollout = next((folder / "runs" / "rollout").iterdir())
    status = rollout / "status.json"
    before = status.read_text()
    redrawn = {"content": "0" * 64}
    reseal(
        folder / "runs",
        f"rollout/{rollout.name}",
        lambda record: {**record, "summary": {**record["summary"], **redrawn}},
    )
    try:
        ended = compare(folder)
        assert ended.code == 2 and "dpo seed 1: input redrawn: " in ended.err and "--allow-mixed" in ended.err
        allowed = compare(folder, "--allow-mixed")
        assert allowed.code == 0 and "input redrawn" in allowed.text
    finally:
        status.write_text(before)


def test_a_recipe_that_keeps_the_last_rounds_model_drops_the_others_and_shows_the_same(folder: Path):
    """The last test of this file, since the model is gone afterwards."""
    before, models = compare(folder, "--json").json, sorted((folder / "runs" / "preference").glob("*/model"))
    sets = (drawn(count=2, more="evaluate: each, keep_models: last", per_round=6), SETS[1])
    after = compare(folder, "--json", sets=sets).json
    assert after["rounds"] == before["rounds"]  # type: ignore[index]
    assert len(models) == 2 and len([path for path in models if path.is_dir()]) == 1
