"""`bench export model`: folders that transformers and peft load, with the numbers of the run and a model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from harness import MICRO, bench, finish, tree
from huggingface_hub import ModelCard
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.stages.artefacts import local_model

LORA = "lora: {lora_r: 4, lora_alpha: 8, lora_dropout: 0.0, lora_target_modules: [query_key_value, dense]}\n"


class World(NamedTuple):
    """Finished runs: whole weights of the micro setting, and adapters on weights of a folder."""

    runs: Path
    setting: Path
    """With adapters."""
    base: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("export")
    runs = folder / "runs"
    assert set(finish(["dpo"], runs=runs).values()) == {"done"}
    base = next((runs / "sft").iterdir()) / "model"
    setting = folder / "lora.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8"), encoding="utf-8")
    local_model(setting, base, LORA)
    sets = ("sft.learning_rate=1e-2", "preference.learning_rate=1e-2")
    assert set(finish(["dpo"], runs=runs, setting=setting, sets=sets).values()) == {"done"}
    return World(runs, setting, base)


def line(world: World, out: Path, *words: object, setting: Path = MICRO) -> tuple[object, ...]:
    sets = () if setting == MICRO else ("--set", "sft.learning_rate=1e-2", "--set", "preference.learning_rate=1e-2")
    return ("export", "model", "dpo", "--setting", setting, *sets, "--runs", world.runs, "--out", out, *words)


@torch.no_grad()
def logits(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model(input_ids=torch.arange(1, 20)[None]).logits


def test_whole_weights_load_and_are_those_of_the_run(world: World, tmp_path: Path):
    ended = bench(*line(world, tmp_path / "out", "--seed", 1, "--json"))
    assert ended.code == 0, ended.err
    run = Path(bench("show", "run", "dpo", "--setting", MICRO, "--runs", world.runs, "--json").json["model"])
    out = tmp_path / "out"
    assert {name: data for name, data in tree(run).items() if name != "README.md"} == {
        name: data for name, data in tree(out).items() if name != "README.md"
    }
    assert torch.equal(logits(out), logits(run))
    assert AutoTokenizer.from_pretrained(out).decode([1, 2])
    assert sorted(ended.json["files"]) == sorted(str(path) for path in out.iterdir())


def test_its_card_has_settings_data_and_measurements_with_intervals(world: World, tmp_path: Path):
    assert bench(*line(world, tmp_path / "out")).code == 0
    card = ModelCard.load(tmp_path / "out" / "README.md")
    measured = bench("eval", "dpo", "--setting", MICRO, "--runs", world.runs, "--seeds", 1, "--json").json
    headline = next(r for r in measured if (r["metric"], r["scoring"]) == ("pair_accuracy", "logp_mean"))
    (first, *_) = card.data.eval_results
    assert first.metric_type == "pair_accuracy" and first.metric_value == pytest.approx(headline["value"], abs=1e-6)
    assert card.data.library_name == "transformers" and "dpo" in card.data.tags
    for said in (
        "Rafailov et al. 2023",
        "`method.hyper.beta` | 0.1",
        "| 40 | Wilson over prompts |",
        "Split `train`",
        "seed variance not estimated",
        "demonstrations 160",
        "--seeds 1",
        "test setting, no evidence",
    ):
        assert said in card.text, said
    assert str(tmp_path) not in str(card) and str(world.runs) not in str(card), "no path of a machine"


def test_the_folder_of_a_run_has_a_card_of_what_was_known(world: World):
    """Adapters too, in the place of peft's own; it says where measurements are to be had."""
    folders = [path.parent for path in world.runs.glob("*/*/model/config.json")]
    folders += [path.parent for path in world.runs.glob("*/*/model/adapter_config.json")]
    assert len(folders) == 4
    for folder in folders:
        card = ModelCard.load(folder / "README.md")
        is_adapter = (folder / "adapter_config.json").is_file()
        assert card.data.library_name == ("peft" if is_adapter else "transformers") and not card.data.eval_results
        assert "written when the training ended" in card.text and "bench export model" in card.text
        assert f"Stage `{folder.parents[1].name}/{folder.parent.name}`" in card.text
        assert str(world.runs) not in str(card)


def test_adapters_load_on_their_base_and_merged_they_give_the_same_numbers(world: World, tmp_path: Path):
    ended = bench(*line(world, tmp_path / "adapters", setting=world.setting))
    assert ended.code == 0, ended.err
    assert "the base model is named by its folder" in ended.err
    adapters = logits(tmp_path / "adapters")
    assert not torch.allclose(adapters, logits(world.base), atol=1e-4), "they are not the base alone"
    merged = bench(*line(world, tmp_path / "merged", "--merge", setting=world.setting))
    assert merged.code == 0, merged.err
    assert not (tmp_path / "merged" / "adapter_config.json").exists()
    assert torch.allclose(logits(tmp_path / "merged"), adapters, atol=1e-4)
    assert AutoTokenizer.from_pretrained(tmp_path / "merged").decode([1, 2])
    cards = [ModelCard.load(tmp_path / name / "README.md") for name in ("adapters", "merged")]
    assert [card.data.library_name for card in cards] == ["peft", "transformers"]
    assert "Adapters were added to their base in float32" in cards[1].text and "`lora.lora_r` | 4" in cards[0].text
    assert [bool(card.data.eval_results) for card in cards] == [True, True]


def test_adapters_on_the_hubs_weights_name_them_by_id_and_revision(world: World, tmp_path: Path):
    from types import SimpleNamespace

    from benchbench.commands.export.model import _name_base

    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "/cache/x", "r": 4}))
    model = SimpleNamespace(revision="c" * 40, model_name_or_path="org/base")
    run = SimpleNamespace(cell=SimpleNamespace(loaded=SimpleNamespace(recipe=SimpleNamespace(model=model))))
    assert _name_base(run, tmp_path, tmp_path) == []
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config == {"base_model_name_or_path": "org/base", "r": 4, "revision": "c" * 40}


def test_a_folder_that_holds_something_is_left_alone(world: World, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    ended = bench(*line(world, out))
    assert (
        ended.code == 2
        and "found 1 files or folders in it (notes.txt)" in ended.err
        and tree(out) == {"notes.txt": b"mine"}
    )
    (tmp_path / "file").write_text("mine")
    assert bench(*line(world, tmp_path / "file")).code == 2
    (tmp_path / "empty").mkdir()
    assert bench(*line(world, tmp_path / "empty")).code == 0, "an empty one is filled"


def test_what_cannot_be_exported_is_refused_with_the_way_out(world: World, tmp_path: Path):
    out = tmp_path / "out"
    for words, code, said in (
        (line(world, out, "--merge"), 2, "dpo seed 1 has whole weights already"),
        (line(world, out, "--seed", 77), 4, "dpo seed 77: expected a run"),
        (line(world, out, "--seeds", 1, "--token-len", "gpt-4o"), 2, "--token-len, --seeds: a model does not read it"),
        (line(world, out, "simpo"), 2, "expected one method or recipe, got 2"),
        (("export", "alpaca_eval", "dpo", "--out", out, "--merge"), 2, "alpaca_eval does not read it"),
        (("export", "modle", "dpo", "--out", out), 2, "Did you mean 'model'?"),
    ):
        ended = bench(*words)
        assert ended.code == code and said in ended.err and not out.exists(), ended.err
