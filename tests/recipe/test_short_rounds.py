"""Recipes in rounds run: one short round of each, on a small world, from the draws to the trained policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import finish

from .test_tiny_recipes import SIZES

QUICK = (
    "sft.max_steps=40",
    "reward_model.max_steps=5",
    "preference.max_steps=5",
    "rounds.count=1",
    "rounds.prompts.per_round=24",
    "rounds.replay.rounds=0",
    "rounds.evaluate=last",
    "generate.engine=transformers",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data and SFT policies that the recipes share."""
    return tmp_path_factory.mktemp("runs")


def run(target: str, runs: Path, *sets: str, setting: str = "tiny") -> dict[str, str]:
    """Kind of each stage that is a recipe's alone -> its key, after all are done."""
    sizes = [f"data.options.{text}" for text in SIZES[setting]]
    path = f"recipes/{target}_{setting}.yaml"
    status = finish([path], runs=runs, setting=setting, seeds=(42,), sets=(*sizes, *QUICK, *sets), pairs_only=True)
    assert set(status.values()) == {"done"}, status
    return {key.split("/")[0]: key for key in status}


def rows(runs: Path, key: str, split: str) -> list[dict[str, Any]]:
    """The training rows that a selection left."""
    lines = (runs / key / "examples" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("target", "columns"),
    [
        ("sppo_iterative", {"win_rate"}),
        ("inpo_iterative", {"score"}),
        ("irepo_iterative", {"p_votes"}),
        ("online_ipo1", {"win_against_policy"}),
        ("cream_iterative", {"consistency", "reward_before"}),
        ("pmpo_iterative", {"label"}),
        ("p3o", {"score"}),
        ("gpm_gpo_iterative", {"preference_score"}),
        ("dpo_not_all_pairs", {"p_chosen"}),
        ("dpo_pilaf", {"p_chosen"}),
    ],
)
def test_a_recipe_of_the_toy_setting_trains_in_a_short_round(target: str, columns: set[str], runs: Path):
    stages = run(target, runs)
    every = rows(runs, stages["select"], "train")
    assert every and all(columns <= row["columns"].keys() for row in every)
    log = (runs / stages["preference"] / "train.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [json.loads(line)["loss"] for line in log]
    assert losses and all(loss == loss for loss in losses)
