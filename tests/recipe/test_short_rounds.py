"""Recipes in rounds run: one short round of each, on a small world, from the draws to the trained policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import finish

from .test_tiny_recipes import SIZES

QUICK = {
    "model.from_config.num_hidden_layers": 1,
    "sft.max_steps": 40,
    "reward_model.max_steps": 5,
    "preference.max_steps": 5,
    "rounds.count": 1,
    "rounds.prompts.per_round": 24,
    "rounds.replay.rounds": 0,
    "rounds.evaluate": "last",
    "generate.engine": "transformers",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data and SFT policies that the recipes share."""
    return tmp_path_factory.mktemp("runs")


def run(target: str, runs: Path, *, setting: str = "tiny", **more: int) -> dict[str, list[str]]:
    """Kind of stage -> keys of the recipe's, in the order of the plan, after all are done.

    Args:
        target: file name of the recipe, without its setting.
        runs: folder of stages.
        setting: of the recipe.
        more: last part of a key of `QUICK` -> another value.
    """
    sets = [f"{key}={more.get(key.split('.')[-1], value)}" for key, value in QUICK.items()]
    sizes = [f"data.options.{text}" for text in SIZES[setting]]
    path = f"recipes/{target}_{setting}.yaml"
    status = finish([path], runs=runs, setting=setting, seeds=(42,), sets=(*sizes, *sets), pairs_only=True)
    assert set(status.values()) == {"done"}, status
    kinds = dict.fromkeys(key.split("/")[0] for key in status)
    return {kind: [key for key in status if key.split("/")[0] == kind] for kind in kinds}


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
        ("onpo_two_fits", {"score"}),
        ("apo_accel", {"score"}),
        ("dpo_followup", {"score"}),
        ("cdpo_soft_selfie", {"p_chosen"}),
    ],
)
def test_a_recipe_of_the_toy_setting_trains_in_a_short_round(target: str, columns: set[str], runs: Path):
    stages = run(target, runs)
    every = rows(runs, stages["select"][0], "train")
    assert every and all(columns <= row["columns"].keys() for row in every)
    log = (runs / stages["preference"][0] / "train.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [json.loads(line)["loss"] for line in log]
    assert losses and all(loss == loss for loss in losses)


@pytest.mark.parametrize("target", ["rpo_iter_iterative", "dpo_orca_math", "dpo_dive"])
def test_a_recipe_of_arithmetic_pairs_right_chains_with_wrong_ones(target: str, runs: Path):
    """The data's chain is among the right ones where no drawn one is; a pool of draws alone may have none."""
    stages = run(target, runs, setting="arithmetic")
    every = rows(runs, stages["select"][0], "train")
    assert every or target == "dpo_dive"
    assert all(row["columns"]["score"][0] >= row["columns"]["score"][1] for row in every)


@pytest.mark.parametrize("target", ["dpo_multiturn", "kto_multiturn"])
def test_a_recipe_of_several_turns_masks_what_the_calculator_wrote(target: str, runs: Path):
    """A policy of few steps may be right never or always, so pairs are looked for and not counted."""
    stages = run(target, runs, setting="calculator", per_round=12)
    for row in rows(runs, stages["select"][0], "train"):
        for ids, ranges in zip(row["tokens"]["responses"], row["tokens"].get("observed", [[], []]), strict=False):
            assert all(0 < start < stop <= len(ids) for start, stop in ranges)
    record = json.loads((runs / stages["rollout"][0] / "status.json").read_text(encoding="utf-8"))
    assert record["summary"]["tool_calls"] >= record["summary"]["tool_errors"] >= 0


def test_the_golden_sequences_of_speechalign_are_the_same_tokens_in_every_round(runs: Path):
    """A round has the rows of the one before behind its new ones, whose rejected sequences are the new policy's."""
    stages = run("dpo_speechalign", runs, setting="codec", count=3, per_round=12, rounds=1)
    golden: list[dict[str, list[int]]] = []
    for number, key in enumerate(stages["select"], start=1):
        every = rows(runs, key, "golden")
        new = [row for row in every if row["round"] == number]
        assert {row["round"] for row in every} == {number, max(1, number - 1)}
        golden.append({row["id"].split(" ")[0]: row["tokens"]["responses"][0] for row in new})
    assert len(golden) == 3 and len(golden[0]) == 12
    assert golden[0] == golden[1] == golden[2]
    drawn = [[row["tokens"]["responses"][1] for row in rows(runs, key, "golden")] for key in stages["select"]]
    assert drawn[0] != drawn[1][: len(drawn[0])] and drawn[1][len(drawn[0]) :] == drawn[0], "new ones, then replayed"


def test_the_control_of_speechalign_sees_the_same_golden_tokens_and_takes_as_many_steps(runs: Path):
    pair, control = (run(name, runs, setting="codec") for name in ("dpo_speechalign", "continued_sft"))
    golden = [
        [row["tokens"]["responses"][0] for row in rows(runs, stages["select"][0], "golden")]
        for stages in (pair, control)
    ]
    assert golden[0] == golden[1]
    steps = [
        len((runs / stages["preference"][0] / "train.jsonl").read_text(encoding="utf-8").splitlines())
        for stages in (pair, control)
    ]
    assert steps[0] == steps[1]
