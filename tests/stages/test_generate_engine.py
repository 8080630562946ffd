"""What a generate stage hands to its engine, and what it leaves behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO, execute, finish, generate_section

from benchbench.stages import read_spec
from benchbench.store.runs import RunStore, finished_stage

QUICK = ("sft=null", "reward_model=null")
"""The untrained model answers, so that a test takes seconds."""


def setting(folder: Path, model: str | None = None) -> Path:
    """The micro setting with a generate section, and with another model where one is named."""
    text = MICRO.read_text(encoding="utf-8")
    if model is not None:
        begin, end = text.index("  from_config:"), text.index("  train_tokenizer")
        text = text[:begin] + model + text[end:]
    path = folder / "setting.yaml"
    path.write_text(text + generate_section(prompts=6, tokens=8), encoding="utf-8")
    return path


def answered(folder: Path, path: Path) -> Path:
    """Folder of the one generate stage."""
    status = finish(["sft"], runs=folder / "runs", setting=path, sets=QUICK)
    (key,) = (key for key in status if key.startswith("generate/"))
    record = json.loads((folder / "runs" / key / "status.json").read_text(encoding="utf-8"))
    assert record["status"] == "done", record["message"]
    return folder / "runs" / key


def engine_of(folder: Path) -> dict[str, object]:
    return json.loads((folder / "engine.json").read_text(encoding="utf-8"))["settings"]


BLOOM = "  from_config: {model_type: bloom, hidden_size: 32, n_layer: 2, n_head: 2}\n  attn_implementation: eager\n"


@pytest.mark.parametrize(("model", "attention"), [(None, "sdpa"), (BLOOM, "eager")], ids=["neox", "bloom"])
def test_responses_are_drawn_with_the_attention_of_the_recipe(tmp_path: Path, model: str | None, attention: str):
    """Bloom has eager attention alone."""
    assert engine_of(answered(tmp_path, setting(tmp_path, model)))["attn_implementation"] == attention


def test_weights_that_a_killed_attempt_left_are_removed(tmp_path: Path):
    path = setting(tmp_path)
    folder = answered(tmp_path, path)
    (folder / "serving-abc" / "merged").mkdir(parents=True)
    (folder / "serving-abc" / "merged" / "model.safetensors").write_text("much", encoding="utf-8")
    (folder / "status.json").unlink()
    assert answered(tmp_path, path) == folder
    assert not list(folder.glob("serving-*"))


def test_a_second_turn_draws_other_numbers_and_is_another_stage(tmp_path: Path):
    first = answered(tmp_path, setting(tmp_path))
    store = RunStore(tmp_path / "runs")
    spec = read_spec(finished_stage(first).as_json())
    later = replace(spec, settings=spec.settings.model_copy(update={"turn": 2}))
    assert later.key != spec.key
    assert execute(later, store, device="cpu").status == "done"
    texts = [(folder / "generations.jsonl").read_text(encoding="utf-8") for folder in (first, store.folder(later.key))]
    assert texts[0] != texts[1]
