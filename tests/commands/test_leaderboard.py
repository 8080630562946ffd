"""`bench leaderboard`: every recipe of a setting, from finished stages to the page."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO, bench, finish, generate_section

from benchbench.commands.compare.fairness import refuse_unequal
from benchbench.commands.leaderboard import board
from benchbench.commands.leaderboard.board import BoardRequest, setting_targets
from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError
from benchbench.report.leaderboard import BoardRow, document
from benchbench.store.leaderboards import read_leaderboard

RECIPES = {
    "ipo": "method: {name: ipo}\nuntuned: true\n",
    "dpo": "method: {name: dpo, hyper: {beta: 0.3}}\npreference: {learning_rate: 2e-3}\n",
    "simpo": "method: {name: simpo}\n",
    "sft": "method: {name: sft}\n",
    "dpo_iterative": (
        "method: {name: dpo, variant: iterative}\npreference: {max_steps: 2}\nrounds:\n  count: 1\n"
        "  prompts: {split: train, per_round: 16}\n  oracle: {name: gold}\n"
        "  sampler: {name: policy, num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, "
        "repetition_penalty: 1.0, max_new_tokens: 6}\n"
        "  selector: {name: best_worst, options: {ties: keep, cut: keep}}\n"
    ),
    "bco": "method: {name: bco}\ndata:\n  transforms: [{name: unpaired_from_pairs, splits: [train]}]\n",
}


@pytest.fixture
def library_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with recipes/ of the micro setting, which is the working folder."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    judged = "judge:\n  name: gold\n  against: [baseline, chosen]\n"
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=8, tokens=6) + judged
    (folder / "micro.yaml").write_text(text, encoding="utf-8")
    for name, values in RECIPES.items():
        (folder / f"{name}_micro.yaml").write_text(f"name: {name}_micro\nsetting: micro\n{values}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_baseline_comes_first_and_sft_is_not_named(library_here: Path):
    assert setting_targets("micro", baseline="simpo") == ["simpo", "bco", "dpo@iterative", "dpo", "ipo"]
    assert setting_targets("micro", baseline="dpo", fixed_data=True) == ["dpo", "bco", "ipo", "simpo"]
    with pytest.raises(BenchError, match="unknown baseline 'dpo@iterative'"):
        setting_targets("micro", baseline="dpo@iterative", fixed_data=True)
    with pytest.raises(BenchError, match=r"unknown baseline 'ipoo'\. Did you mean 'ipo'"):
        setting_targets("micro", baseline="ipoo")
    with pytest.raises(BenchError, match="unknown setting 'nowhere'"):
        setting_targets("nowhere", baseline="dpo")


def test_only_training_data_may_be_a_methods_own(library_here: Path):
    refuse_unequal([resolve("bco", setting="micro"), resolve("dpo", setting="micro")])
    other = library_here / "recipes" / "ipo_micro.yaml"
    other.write_text(other.read_text(encoding="utf-8") + "sft: {max_steps: 5}\n", encoding="utf-8")
    with pytest.raises(BenchError, match=r"ipo: sft\.max_steps"):
        refuse_unequal([resolve("dpo", setting="micro"), resolve("ipo", setting="micro")])


def test_every_recipe_of_a_setting_becomes_a_row_of_a_page_that_its_table_gives(library_here: Path):
    runs, results = library_here / "runs", library_here / "results"
    targets = setting_targets("micro", baseline="dpo")
    done = finish(targets, runs=runs, setting="micro", seeds=(1, 2), different=True)
    assert set(done.values()) == {"done"}
    line = ("leaderboard", "--setting", "micro", "--seeds", 1, 2, "--runs", runs, "--results", results)
    ended = bench(*line, "--write", library_here / "board", "--json")
    assert ended.code == 0, ended.err
    assert "finished already" in ended.err
    assert ended.json["answer"][0].startswith("Of 4 recipes, ")
    rows = [BoardRow.from_texts(record) for record in read_leaderboard(library_here / "board" / "micro.csv")]
    assert {row.method for row in rows} == {"dpo", "dpo@iterative", "simpo", "ipo", "bco", "sft"}
    assert sum(row.rank for row in rows) == pytest.approx(21)
    assert sum(row.p_best for row in rows) == pytest.approx(1)
    by_method = {row.method: row for row in rows}
    assert by_method["dpo"].learning_rate == 2e-3 and math.isnan(by_method["sft"].learning_rate)
    assert (by_method["ipo"].marks, by_method["bco"].marks) == ("untuned", "own training data")
    assert "not planned alike: " in by_method["dpo@iterative"].marks  # its own updates, and no refusal
    assert by_method["simpo"].marks == "" and math.isnan(by_method["dpo"].difference)
    for row in rows:
        assert row.mean == pytest.approx(sum(row.values.values()) / 2) and 0 <= row.win_rate <= 1
        assert row.response_tokens > 0
        assert row.method == "dpo" or row.mdd_family >= row.mdd > 0
    page = (library_here / "board" / "micro.md").read_text(encoding="utf-8")
    remarks = [line.removeprefix("> ") for line in page.splitlines() if line.startswith("> ")]
    assert page == document(rows, setting="micro", notice="test setting, no evidence about anything", remarks=remarks)
    fair, guard = ended.json["fairness"], ended.json["degeneration"]
    assert [who for data, who in fair["differing"]["training data"].items() if "unpaired_from_pairs" in data] == [
        ["bco"]
    ]
    assert set(fair["unknown"]["tuning"]) == {"dpo", "dpo@iterative", "simpo", "bco"} and remarks[0].startswith(
        "fairness: what differs"
    )
    assert "SFT" in fair["alike"]
    assert set(guard) == {"dpo", "dpo@iterative", "simpo", "ipo", "bco"}
    assert {label for label, of in guard.items() if of["departures"]} == {r.method for r in rows if r.degenerated}
    fixed = bench(*line, "--fixed-data", "--json").json
    assert fixed["answer"][0].startswith("Of 3 recipes, ")
    assert {row["method"] for row in fixed["rows"]} == {"dpo", "simpo", "ipo", "bco", "sft"}
    before = {path: path.stat().st_mtime_ns for path in library_here.rglob("*")}
    planned = bench(*line, "--fixed-data", "--write", library_here / "unwritten", "--dry-run", "--json")
    assert planned.code == 0, planned.err
    assert {stage["status"] for stage in planned.json["stages"]} == {"finished"}
    assert {path: path.stat().st_mtime_ns for path in library_here.rglob("*")} == before
    shown = bench(*line, "--fixed-data")
    assert "left out: the 1 recipe" in shown.text and shown.code == 0 and "leaderboard, baseline dpo" in shown.out
    assert "test setting, no evidence about anything" in shown.out


def test_rows_that_vllm_cannot_draw_for_are_known(monkeypatch: pytest.MonkeyPatch):
    request = BoardRequest("tiny", "dpo")
    targets = ["dpo", "dpo@iterative", "dpo@pilaf", "simpo"]
    monkeypatch.setattr(board, "installed_vllm", lambda: "0.31.0")
    assert board.needing_transformers(request, targets) == ["dpo@pilaf"]
    named = replace(request, overrides=("generate.engine=transformers",))
    assert board.needing_transformers(named, targets) == []
    monkeypatch.setattr(board, "installed_vllm", lambda: None)
    assert board.needing_transformers(request, targets) == []
