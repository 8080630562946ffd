"""Adapters on a local pretrained model: sft, dpo, reward model, scores."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from harness import MICRO, Finished, bench, execute, reseal
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from .artefacts import Artefacts, local_model, run

LORA = "lora: {lora_r: 4, lora_alpha: 8, lora_dropout: 0.0, lora_target_modules: [query_key_value, dense]}\n"
QUICK = ("sft.learning_rate=1e-2", "preference.learning_rate=1e-2", "reward_model.learning_rate=1e-2")


@pytest.fixture(scope="module")
def pretrained(finished: Finished) -> Path:
    """A folder in the hub's format with weights and tokenizer."""
    return next(iter(sorted((finished.runs / "sft").iterdir()))) / "model"


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory, pretrained: Path) -> Path:
    path = tmp_path_factory.mktemp("setting") / "lora.yaml"
    path.write_text(MICRO.read_text(encoding="utf-8"))
    return local_model(path, pretrained, LORA)


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory, setting: Path) -> Artefacts:
    done = run(tmp_path_factory.mktemp("adapted"), ["dpo", "ddo_rm"], *QUICK, setting=setting)
    assert done.done(), done.status
    return done


@pytest.mark.parametrize("title", ["sft seed 1", "dpo seed 1", "ddo_rm seed 1"])
def test_a_policy_is_its_adapters_alone(adapted: Artefacts, title: str):
    folder = adapted.folder(title) / "model"
    assert {path.name for path in folder.iterdir()} >= {"adapter_config.json", "adapter_model.safetensors"}
    assert not (folder / "model.safetensors").exists()
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (4, 8, 0.0)
    assert set(config["target_modules"]) == {"query_key_value", "dense"}


def test_preference_training_goes_on_with_the_adapters_of_sft(adapted: Artefacts):
    """One pair of matrices per layer, moved away from where SFT left it; not a second adapter on top."""
    sft, dpo = (
        load_file(adapted.folder(f"{name} seed 1") / "model" / "adapter_model.safetensors") for name in ("sft", "dpo")
    )
    assert set(sft) == set(dpo)
    moved = {name: float((sft[name] - dpo[name]).abs().max()) for name in sft}
    assert all(value > 0 for value in moved.values())
    assert all(float(sft[name].abs().max()) > 0 for name in sft), "B is no longer zero after SFT"


def test_training_that_does_not_move_leaves_the_scores_of_sft(tmp_path: Path, setting: Path):
    done = run(tmp_path, ["dpo"], *QUICK[:1], "preference.learning_rate=1e-30", setting=setting)
    assert done.done()
    sft, dpo = (done.rows(f"score {name} seed 1 on test") for name in ("sft", "dpo"))
    assert sft["logp_sum"].tolist() == dpo["logp_sum"].tolist()
    first = done.log("dpo seed 1")[0]
    assert first["loss"] == pytest.approx(np.log(2), rel=1e-6), "policy and reference start as one"
    assert first["rewards/margins"] == pytest.approx(0, abs=1e-6)


def test_sft_moved_away_from_the_base(adapted: Artefacts, tmp_path: Path, setting: Path):
    base = run(tmp_path, ["sft"], "sft=null", "reward_model=null", setting=setting).rows("score base seed 1 on test")
    assert not np.allclose(base["logp_sum"], adapted.rows("score sft seed 1 on test")["logp_sum"], rtol=1e-6)


def test_the_reward_model_is_the_merged_sft_policy_with_its_own_adapters_beside_it(
    adapted: Artefacts, pretrained: Path
):
    """Not merged: a reward must not depend on what the precision of the weights leaves of an adapter."""
    folder = adapted.folder("reward model seed 1") / "model"
    assert (folder / "reward_head.safetensors").is_file()
    found = load_file(folder / "model.safetensors")
    policy = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(pretrained), adapted.folder("sft seed 1") / "model"
    )
    merged = policy.merge_and_unload().base_model.state_dict()
    assert found.keys() == {name for name in merged if "inv_freq" not in name}
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, merged[name], rtol=1e-6, atol=1e-7)
    adapters = load_file(folder / "adapter" / "adapter_model.safetensors")
    assert len(adapters) == 8
    assert all(float(tensor.abs().max()) > 0 for tensor in adapters.values()), "B is no longer zero after training"


def test_rewards_are_given_with_the_adapters(adapted: Artefacts, tmp_path: Path):
    """The same stage without its adapters' folder gives other rewards."""
    from benchbench.stages import read_spec
    from benchbench.store.runs import RunStore

    runs = tmp_path / "runs"
    shutil.copytree(adapted.runs, runs)
    key = next(key for key in adapted.status if key.startswith("reward/"))
    lock = adapted.lock(key)
    for path in (runs / "reward_model").glob("*/model/adapter"):
        shutil.rmtree(path)
        reseal(runs, f"reward_model/{path.parents[1].name}")
    shutil.rmtree(runs / key)
    spec = read_spec({name: lock[name] for name in ("kind", "title", "settings", "inputs", "run")})
    assert execute(spec, RunStore(runs), device="cpu").status == "done"
    with_adapters, without = (pd.read_parquet(root / key / "rows.parquet")["reward"] for root in (adapted.runs, runs))
    assert not np.allclose(with_adapters, without, rtol=1e-4)


def test_seeds_draw_their_own_adapters_and_share_the_base(tmp_path: Path, setting: Path):
    done = run(tmp_path, ["sft"], "sft.learning_rate=1e-30", setting=setting, seeds=(1, 2))
    first, second = (load_file(done.folder(f"sft seed {s}") / "model" / "adapter_model.safetensors") for s in (1, 2))
    assert any(not torch.equal(first[name], second[name]) for name in first)
    rows = [done.rows(f"score sft seed {s} on test")["logp_sum"].tolist() for s in (1, 2)]
    assert rows[0] == rows[1], "fresh adapters change nothing"


def test_the_adapter_folder_scores_as_external_like_its_cell(adapted: Artefacts, tmp_path: Path, setting: Path):
    """Here the stage runs in this process; `bench eval` finds it finished."""
    from benchbench.commands.evaluate.run import external_session
    from benchbench.commands.run_plan import RunOptions

    folder = adapted.folder("dpo seed 1") / "model"
    options = RunOptions("cpu", runs=tmp_path / "runs")
    for spec in external_session(str(folder), str(setting), (), options).plan.stages.values():
        assert execute(spec, options.store, device="cpu").status == "done"
    ended = bench("eval", folder, "--setting", setting, "--runs", tmp_path / "runs", "--json")
    assert ended.code == 0, ended.err
    mean = {row["metric"]: row["value"] for row in ended.json if row["scoring"] == "logp_sum"}
    rows = adapted.rows("score dpo seed 1 on test")
    assert mean["chosen_mean"] == pytest.approx(rows[rows["candidate"] == 0]["logp_sum"].mean(), rel=1e-6)


def test_a_target_that_is_not_in_the_model_is_named(tmp_path: Path, setting: Path):
    done = run(tmp_path, ["sft"], "lora.lora_target_modules=[q_proj]", setting=setting)
    record = done.record("sft seed 1")
    assert record["status"] == "failed"
    assert "lora.lora_target_modules: ['q_proj'] not found in the model; its linear layers are" in record["message"]
    assert "query_key_value" in record["message"]
    assert record["summary"]["exit_code"] == 2


def test_adapters_on_random_weights_are_refused(tmp_path: Path, write_yaml: Callable[..., Path]):
    path = write_yaml("lora.yaml", MICRO.read_text(encoding="utf-8") + LORA)
    ended = bench("compare", "dpo", "--setting", path, "--runs", tmp_path / "runs")
    assert ended.code == 2
    assert "lora: adapters need pretrained weights; the model is built from_config" in ended.err
