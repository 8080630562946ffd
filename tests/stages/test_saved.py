"""Every stage that trains reads back what it saved, and says so in its record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import Finished
from safetensors.torch import load_file, save_file

from benchbench.models import load, saving
from benchbench.stages.saved import READ_BACK_EXAMPLES

from .artefacts import run


def test_each_record_says_what_was_compared_and_how_far_it_is_apart(finished: Finished):
    for kind, candidates in (("sft", 1), ("preference", 2), ("reward_model", 2)):
        records = [json.loads(path.read_text()) for path in (finished.runs / kind).glob("*/status.json")]
        assert records
        for record in records:
            found = record["summary"]["read_back"]
            assert found == {"rows": READ_BACK_EXAMPLES * candidates, "max_difference": 0.0}


def test_what_comes_back_otherwise_ends_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Here the file is changed as soon as it is written."""
    true = load.save_trained

    def save(model: Any, tokenizer: Any, folder: Path) -> None:
        true(model, tokenizer, folder)
        path = folder / "model.safetensors"
        tensors = load_file(path)
        tensors["embed_out.weight"] *= 1.5
        save_file(tensors, path, metadata={"format": "pt"})

    monkeypatch.setattr(load, "save_trained", save)
    done = run(tmp_path, ["sft"])
    record = done.record("sft seed 1")
    assert record["status"] == "failed" and record["summary"]["exit_code"] == 1
    assert "read back, it is another model than the one that was saved" in record["message"]
    assert "1 weights with other values: lm_head.weight" in record["message"]
    assert done.status[next(key for key in done.status if key.startswith("score/"))] != "done"


def test_a_reward_model_that_comes_back_otherwise_ends_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from benchbench.models.reward_head import RewardModel

    true = RewardModel.save_head

    def save(model: RewardModel, folder: Path) -> None:
        true(model, folder)
        weight = load_file(folder / "reward_head.safetensors")["weight"]
        save_file({"weight": 1.5 * weight}, folder / "reward_head.safetensors")

    monkeypatch.setattr(RewardModel, "save_head", save)
    record = run(tmp_path, ["ddo_rm"]).record("reward model seed 1")
    assert record["status"] == "failed"
    assert "1 weights with other values: head.weight" in record["message"]


@pytest.mark.parametrize("sets", [("model.dtype=bfloat16", "score.dtype=bfloat16"), ("sft.bf16=true",)])
def test_low_precision_comes_back_too(tmp_path: Path, sets: tuple[str, ...]):
    done = run(tmp_path, ["sft"], *sets)
    assert done.done()
    assert done.record("sft seed 1")["summary"]["read_back"]["max_difference"] <= saving.TOLERANCE
