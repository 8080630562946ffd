"""`bench eval`: finished cells, and models trained elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from harness import MICRO, Finished, bench

from benchbench import metrics


@pytest.fixture(scope="module")
def dpo_cell(finished: Finished) -> dict:
    """The record of dpo, seed 2."""
    cells = [json.loads(line) for line in (finished.folder / "cells.jsonl").read_text().splitlines()]
    return next(cell for cell in cells if (cell["label"], cell["seed"]) == ("dpo", 2))


@pytest.fixture(scope="module")
def dpo_model(finished: Finished, dpo_cell: dict) -> Path:
    """Its model folder."""
    return finished.runs / dpo_cell["stages"]["policy"] / "model"


def values(ended, **wanted: object) -> dict[tuple[str, str], float]:
    assert ended.code == 0, ended.err
    rows = [row for row in ended.json if all(row[key] == value for key, value in wanted.items())]
    assert rows
    return {(row["metric"], row["scoring"]): row["value"] for row in rows}


def test_finished_cells_are_measured_without_running_anything(finished: Finished):
    def times() -> dict[Path, int]:
        results = [path for path in finished.runs.rglob("*") if not {"leases", "hashes"} & {*path.parts}]
        return {path: path.stat().st_mtime_ns for path in results}

    before = times()
    ended = bench("eval", "dpo", "--setting", MICRO, "--seeds", 1, 2, "--runs", finished.runs, "--json")
    table = pd.read_csv(finished.folder / "measurements.csv")
    for seed in (1, 2):
        found = values(ended, seed=seed)
        mine = table[(table["method"] == "dpo") & (table["seed"] == seed)].set_index(["metric", "scoring"])["value"]
        assert {scoring for _, scoring in found} == {"logp_mean", "logp_sum", "implicit"}
        for key, value in found.items():
            assert value == mine[key]
    assert times() == before


def test_a_recipe_file_is_a_target_too(finished: Finished, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\nsetting: {MICRO}\nmethod: {{name: simpo}}\n")
    ended = bench("eval", path, "--runs", finished.runs)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("simpo; setting micro; headline pair_accuracy under logp_mean\n")
    assert "seeds 1, 2" in ended.out


def test_a_model_folder_without_a_setting_is_refused_with_the_way_out(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    for words in (("eval", tmp_path), ("export", "reward_bench", tmp_path, "--out", tmp_path / "out")):
        ended = bench(*words)
        assert ended.code == 2 and ended.err.startswith("bench: --setting: required for a model from elsewhere")
        assert " tiny, " in ended.err
        assert f", or a file), or write one for this model with `bench init --model {tmp_path} --data" in ended.err


def test_the_table_has_a_row_per_metric_with_its_mean_and_the_headline_first(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "200")
    out = bench("eval", "dpo", "--setting", MICRO, "--seeds", 1, 2, 3, "--runs", finished.runs).out
    title, head, _, *rows = out.splitlines()
    assert title == "dpo; setting micro; headline pair_accuracy under logp_mean"
    assert head.split()[:6] == ["metric", "scoring", "mean", "seeds", "1,", "2,"]
    table = pd.read_csv(finished.folder / "measurements.csv").query("method == 'dpo' and scoring != 'reward_model'")
    means = table.groupby(["metric", "scoring"])["value"].mean()
    assert len(rows) == len(means) and rows[0].split()[:2] == ["pair_accuracy", "logp_mean"]
    for row in rows:
        metric, scoring, mean, *seeds = row.split()[:6]
        assert float(mean) == pytest.approx(means[metric, scoring], rel=1e-3, abs=1e-4)
        assert float(mean) == pytest.approx(sum(map(float, seeds)) / 3, rel=1e-3, abs=1e-4)


def test_a_model_folder_is_scored_as_external_with_the_numbers_of_its_cell(
    finished: Finished, dpo_model: Path, tmp_path: Path
):
    ended = bench("eval", dpo_model, "--setting", MICRO, "--workers", 2, "--runs", tmp_path / "runs", "--json")
    found = values(ended, method="external", seed="")
    table = pd.read_csv(finished.folder / "measurements.csv")
    mine = table[(table["method"] == "dpo") & (table["seed"] == 2)].set_index(["metric", "scoring"])["value"]
    for key, value in found.items():
        if key[1] in ("logp_mean", "logp_sum") and "reference" not in metrics.get(key[0]).reads:  # it is its own
            assert value == pytest.approx(mine[key], rel=1e-9), key
    assert {
        path.name for path in (tmp_path / "runs").iterdir() if path.name not in ("data", "leases", "hashes", "tokens")
    } == {"score"}


def test_the_folder_loads_with_transformers_alone_and_scores_the_same(
    finished: Finished, dpo_cell: dict, dpo_model: Path
):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(dpo_model).eval()
    tokenizer = AutoTokenizer.from_pretrained(dpo_model)
    data = next((finished.runs / "data").iterdir())
    examples = [json.loads(line) for line in (data / "test.jsonl").read_text().splitlines()]
    rows = pd.read_parquet(finished.runs / dpo_cell["stages"]["score"] / "rows.parquet")
    rows = rows.set_index(["example", "candidate"])
    checked = 0
    for example in examples[:10]:
        content = example["prompt"][0]["content"].strip()
        prompt = f"<|user|> {content} <|assistant|>"
        for k, candidate in enumerate(example["candidates"]):
            start = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
            ids = tokenizer(prompt + candidate.strip(), add_special_tokens=False)["input_ids"]
            tokens = torch.tensor([[*ids, tokenizer.eos_token_id]])
            with torch.no_grad():
                logps = model(tokens).logits.log_softmax(dim=-1)[0, :-1]
            each = logps.gather(-1, tokens[0, 1:, None])[start - 1 :, 0]
            row = rows.loc[example["id"], k]
            assert row["n_tokens"] == len(each)
            assert row["logp_sum"] == pytest.approx(float(each.sum()), rel=1e-5)
            checked += 1
    assert checked == 20


def test_a_copy_of_the_folder_elsewhere_is_the_same_model(finished: Finished, dpo_model: Path, tmp_path: Path):
    """Weights are told by content: another path plans the same stage."""
    from benchbench.commands.evaluate.run import _external
    from benchbench.commands.resolve import CHECKS
    from benchbench.commands.run_plan import RunOptions, open_session
    from benchbench.recipe import library
    from benchbench.recipe.load import load_untuned

    shutil.copytree(dpo_model, tmp_path / "copy")

    def stages(folder: Path) -> set[str]:
        loaded = load_untuned(
            library.find_setting(str(MICRO)), "sft", overrides=_external(str(folder)) or (), checks=CHECKS
        )
        return set(open_session([loaded], [0], RunOptions("cpu", runs=tmp_path / "runs")).plan.stages)

    assert stages(dpo_model) == stages(tmp_path / "copy")


@pytest.fixture
def adapters(dpo_model: Path, tmp_path: Path) -> Path:
    """Moved LoRA adapters on the DPO model, as peft and TRL save them."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(dpo_model)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["query_key_value"], init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(tmp_path / "adapters")
    return tmp_path / "adapters"


def test_adapters_alone_are_merged_into_the_base_they_name(adapters: Path, dpo_model: Path, tmp_path: Path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    assert not (adapters / "config.json").exists() and not list(adapters.glob("tokenizer*"))
    where = ("--setting", MICRO, "--workers", 1, "--runs", tmp_path / "runs", "--json")
    found = values(bench("eval", adapters, *where), method="external")
    assert found != values(bench("eval", dpo_model, *where), method="external")
    model = AutoModelForCausalLM.from_pretrained(dpo_model)
    whole = PeftModel.from_pretrained(model, str(adapters)).merge_and_unload()  # type: ignore[attr-defined]
    whole.save_pretrained(tmp_path / "whole")
    for path in dpo_model.glob("*token*"):
        shutil.copy(path, tmp_path / "whole")
    expected = values(bench("eval", tmp_path / "whole", *where), method="external")
    assert found == pytest.approx(expected, abs=1e-6)
    assert len(list((tmp_path / "runs" / "merged").iterdir())) == 1


def test_adapters_whose_base_cannot_be_told_are_refused(adapters: Path, tmp_path: Path):
    path = adapters / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    for base, code, told in (
        ("nobody/nothing", 2, "so a revision is required"),
        (None, 2, "expected the base model of the adapters"),
    ):
        path.write_text(json.dumps(config | {"base_model_name_or_path": base}), encoding="utf-8")
        ended = bench("eval", adapters, "--setting", MICRO, "--runs", tmp_path / "runs")
        assert ended.code == code
        assert told in ended.err
        assert "adapter_config.json: base_model_name_or_path" in ended.err


def test_eval_after_a_failed_run_says_what_is_missing(finished: Finished):
    ended = bench("eval", "dpo", "--setting", MICRO, "--seeds", 1, 77, "--runs", finished.runs)
    assert ended.code == 4
    assert "dpo: no finished run for seed 77" in ended.err
    assert "1" not in ended.err.split("seed 77")[0].split("no finished run")[1]
