"""The reward model and its rewards: one number per response."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from harness import Finished, finish
from safetensors.torch import load_file
from torch import nn

from benchbench.core.errors import BenchError
from benchbench.stages.reward.run import with_dropout
from benchbench.stages.reward.settings import DropoutSettings

from .artefacts import run

LEARNING = ("sft.max_steps=40", "reward_model.max_steps=60", "reward_model.learning_rate=3e-3")


def test_every_response_of_the_split_has_a_finite_reward(finished: Finished):
    for path in (finished.runs / "reward").glob("*/rows.parquet"):
        rows = pd.read_parquet(path)
        assert list(rows.columns) == ["example", "candidate", "reward"]
        assert np.isfinite(rows["reward"]).all()
        assert (rows.groupby("example")["candidate"].agg(list).map(sorted).map(tuple) == (0, 1)).all()
        assert len(rows) in (80, 96)


def test_rewards_are_those_of_backbone_pooling_and_head(tmp_path: Path):
    """Read back with transformers and safetensors alone, for both poolings."""
    from transformers import AutoModel, AutoTokenizer

    for pooling in ("mean", "last_token"):
        done = run(tmp_path / pooling, ["ddo_rm"], f"reward_model.pooling={pooling}")
        assert done.done()
        folder = done.folder("reward model seed 1") / "model"
        backbone, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
        head = load_file(folder / "reward_head.safetensors")["weight"]
        assert json.loads((folder / "reward_head.json").read_text())["pooling"] == pooling
        data = next((done.runs / "data").iterdir()) / "test.jsonl"
        rows = done.rows("rewards seed 1 on test").set_index(["example", "candidate"])["reward"]
        for line in data.read_text().splitlines()[:4]:
            example = json.loads(line)
            prompt = f"<|user|> {example['prompt'][0]['content'].strip()} <|assistant|>"
            start = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
            for k, candidate in enumerate(example["candidates"]):
                ids = tokenizer(prompt + candidate.strip(), add_special_tokens=False)["input_ids"]
                with torch.no_grad():
                    hidden = backbone(torch.tensor([[*ids, tokenizer.eos_token_id]])).last_hidden_state[0]
                pooled = hidden[start:].mean(dim=0) if pooling == "mean" else hidden[-1]
                assert rows[example["id"], k] == pytest.approx(float(head @ pooled), rel=1e-4, abs=1e-5)


def test_it_learns_the_order_of_its_pairs(tmp_path: Path):
    done = run(tmp_path, ["ddo_rm"], *LEARNING)
    assert done.done()
    log = done.log("reward model seed 1")
    first, last = (np.mean([line["rewards/accuracies"] for line in part]) for part in (log[:10], log[-10:]))
    assert last > first
    assert log[-1]["loss/bradley_terry"] < log[0]["loss/bradley_terry"]
    rows = done.rows("rewards seed 1 on train").pivot(index="example", columns="candidate", values="reward")
    assert (rows[0] > rows[1]).mean() > 0.6


def test_four_candidates_have_four_rewards_and_train_the_policy(tmp_path: Path):
    done = run(tmp_path, ["ddo_rm"], "preference.split=train_candidates")
    assert done.done()
    rows = done.rows("rewards seed 1 on train_candidates")
    assert (rows.groupby("example")["candidate"].agg(list).map(sorted).map(tuple) == (0, 1, 2, 3)).all()
    assert len(rows) == 4 * 48
    assert "logps/all" in done.log("ddo_rm seed 1")[0]


def test_gold_rewards_come_from_the_data_without_any_reward_model(tmp_path: Path):
    status = finish(["ddo_rm"], runs=tmp_path / "runs", sets=["preference.reward={source: column, column: gold}"])
    assert set(status.values()) == {"done"}
    assert not (tmp_path / "runs" / "reward_model").exists()


class Rewarding(nn.Module):
    """A reward model as far as its dropout goes."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone


def test_passes_of_a_model_whose_dropout_is_zero_are_refused():
    """Its configuration may not have said so before it was there."""
    settings = DropoutSettings(passes=2, seed=0, rate=None)
    zero, without = Rewarding(nn.Dropout(0.0)), Rewarding(nn.Linear(1, 1))
    with pytest.raises(BenchError, match="s: expected .* above 0, found 1 that are 0, .*; name a probability with"):
        with_dropout(zero, settings, "s")  # type: ignore[arg-type]
    with pytest.raises(BenchError, match="found none, .*take reward_model.ensemble instead"):
        with_dropout(without, settings.model_copy(update={"rate": 0.5}), "s")  # type: ignore[arg-type]
    with_dropout(zero, settings.model_copy(update={"rate": 0.5}), "s")  # type: ignore[arg-type]
    assert zero.training and isinstance(zero.backbone, nn.Dropout) and zero.backbone.p == 0.5
