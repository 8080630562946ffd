"""`bench train`: every seed of recipes, to finished and scored cells."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, Finished, bench, finish


def test_the_summary_has_a_row_per_seed_with_loss_and_headline(finished: Finished, tmp_path: Path):
    line = ("train", "dpo", "--setting", MICRO, "--seeds", 1, 3, "--runs", finished.runs, "--results", tmp_path)
    ended = bench(*line, "--json")
    assert ended.code == 0, ended.err
    assert [row["seed"] for row in ended.json] == [1, 3]
    assert all(row["last_loss"] > 0 for row in ended.json)
    table = pd.read_csv(finished.folder / "measurements.csv")
    headline = table[
        (table["metric"] == "pair_accuracy") & (table["scoring"] == "logp_mean") & (table["method"] == "dpo")
    ]
    values = headline.set_index("seed")["value"]
    assert [row["pair_accuracy (logp_mean)"] for row in ended.json] == [values[1], values[3]]
    assert "pair_accuracy (logp_mean)" in bench(*line).out


def test_the_folders_of_the_models_are_named_and_load(finished: Finished, tmp_path: Path):
    from transformers import AutoModelForCausalLM

    line = ("train", "dpo", "--setting", MICRO, "--seeds", 1, 3, "--runs", finished.runs, "--results", tmp_path)
    folders = [row["model"] for row in bench(*line, "--json").json]
    assert len({*folders}) == 2
    for folder in folders:
        assert Path(folder).parents[1] == finished.runs / "preference"
        assert AutoModelForCausalLM.from_pretrained(folder).num_parameters() > 0
    assert bench(*line).out.splitlines()[-2:] == [
        f"model of dpo_micro, seed {seed}: {folder}" for seed, folder in zip((1, 3), folders, strict=True)
    ]


def test_a_recipe_that_ends_at_its_reward_model_names_that(finished: Finished, tmp_path: Path):
    """Its stages are those that ddo_rm needed."""
    line = ("train", "reward_model", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs, "--results", tmp_path)
    ended = bench(*line, "--json")
    assert ended.code == 0, ended.err
    folder = Path(ended.json[0]["model"])
    assert folder.is_dir() and folder.parents[1] == finished.runs / "reward_model"


def test_the_recipes_own_seeds_are_the_default(finished: Finished, tmp_path: Path):
    ended = bench("train", "simpo", "--setting", MICRO, "--runs", finished.runs, "--results", tmp_path, "--json")
    assert [row["seed"] for row in ended.json] == [1, 2]
    assert {path.name for path in (tmp_path / "micro").iterdir()} >= {"cells.jsonl", "measurements.csv"}


def test_a_train_log_has_a_line_per_logged_step(finished: Finished):
    for folder in (finished.runs / "preference").iterdir():
        lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines] == [1, 2, 3]
        for line in lines:
            assert {"loss", "grad_norm", "learning_rate", "num_tokens"} <= set(line)
        assert [line["learning_rate"] for line in lines] == pytest.approx([1e-3, 2e-3 / 3, 1e-3 / 3])


def test_a_finished_stage_leaves_its_records_and_no_checkpoint(finished: Finished):
    for kind, files in (
        ("sft", {"train.jsonl", "model"}),
        ("reward_model", {"train.jsonl", "model"}),
        ("preference", {"train.jsonl", "model"}),
        ("score", {"rows.parquet"}),
        ("reward", {"rows.parquet"}),
    ):
        for folder in (finished.runs / kind).iterdir():
            assert {path.name for path in folder.iterdir()} == {"lock.yaml", "env.json", "status.json", *files}
            status = json.loads((folder / "status.json").read_text())
            assert status["status"] == "done"
            assert status["seconds"] > 0
            assert status["tokens"] > 0
            assert bool(status["peak_memory_gib"]) != bool(status["peak_memory_note"]), "a peak, or why there is none"
            assert status["environment"]["packages"]["torch"]


def test_what_succeeded_is_recorded_though_another_cell_failed(tmp_path: Path):
    """Simpo diverges, sft does not: its table is written, and the command still ends with code 4."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(f"name: bad\nsetting: {MICRO}\nmethod: {{name: simpo}}\npreference: {{learning_rate: 1e30}}\n")
    assert "failed" in finish([bad], runs=tmp_path / "runs").values()
    ended = bench(
        *("train", "sft", bad, "--setting", MICRO, "--seeds", 1, "--workers", 2),
        *("--runs", tmp_path / "runs", "--results", tmp_path / "results", "--json"),
    )
    assert ended.code == 4
    assert [row["recipe"] for row in ended.json] == ["sft_micro"]
    assert "simpo seed 1: stage 'simpo seed 1' failed: training diverged at step 2" in ended.err
    measured = pd.read_csv(tmp_path / "results" / "micro" / "measurements.csv")
    assert set(measured["method"]) == {"sft"}
