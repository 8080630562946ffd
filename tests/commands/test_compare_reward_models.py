"""Reward models beside each other: rows of rewards alone, through the same tables."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import MICRO, WIDE, bench, finish

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions

OBJECTIVES = ["reward_model", "reward_model@gpm", "reward_model@bt_soft"]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three objectives over two seeds, trained in this process and compared by `bench`."""
    folder = tmp_path_factory.mktemp("rewards")
    status = finish(OBJECTIVES, runs=folder / "runs", seeds=(1, 2))
    assert set(status.values()) == {"done"}, status
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", WIDE)
        ended = bench(
            *("compare", *OBJECTIVES, "--setting", MICRO, "--seeds", 1, 2, "--runs", folder / "runs"),
            *("--results", folder / "results"),
        )
    assert ended.code == 0, ended.err
    (folder / "out.txt").write_text(ended.out, encoding="utf-8")
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results" / "micro" / name, keep_default_na=False, na_values=["nan"])


def test_the_headline_is_the_accuracy_of_the_rewards_with_a_row_for_each_objective(compared: Path):
    out = (compared / "out.txt").read_text()
    assert "pair_accuracy under reward_model" in out
    rows = [words[0] for line in out.splitlines() if (words := line.split()) and words[0] in OBJECTIVES]
    assert rows == OBJECTIVES
    assert "fairness: " in out and "degeneration: " not in out  # rewards are no responses
    assert "logp_mean" not in out


def test_rows_hold_rewards_alone(compared: Path):
    measured = table(compared, "measurements.csv")
    assert set(measured["scoring"]) == {"reward_model"}
    assert set(measured["method"]) == {"reward_model"} and set(measured["variant"]) == {"default", "gpm", "bt_soft"}
    assert {"pair_accuracy", "brier", "calibration_error", "gold_pair_accuracy"} <= set(measured["metric"])
    papers = measured.groupby("variant")["paper"].first()
    assert "2203.02155" in papers["default"] and "2410.02197" in papers["gpm"]


def test_the_numbers_are_those_of_the_reward_rows(compared: Path):
    """Read from the stage with pandas alone."""
    cells = [json.loads(line) for line in (compared / "results" / "micro" / "cells.jsonl").read_text().splitlines()]
    measured = table(compared, "measurements.csv")
    assert {cell["label"] for cell in cells} == set(OBJECTIVES)
    for cell in cells:
        rows = pd.read_parquet(compared / "runs" / cell["stages"]["reward"] / "rows.parquet")
        pairs = rows.pivot(index="example", columns="candidate", values="reward")
        score = pd.read_parquet(compared / "runs" / cell["stages"]["score"] / "rows.parquet")
        pairs = pairs.loc[score.loc[~score["identical"], "example"].unique()]
        margin = pairs[0] - pairs[1]
        own = measured[(measured["recipe_hash"] == cell["recipe_hash"]) & (measured["seed"] == cell["seed"])]
        values = own.set_index("metric")["value"]
        expected = np.where(margin == 0, 0.5, margin > 0).mean()
        assert values["pair_accuracy"] == pytest.approx(expected, rel=1e-12)
        assert values["brier"] == pytest.approx(((1 - 1 / (1 + np.exp(-margin))) ** 2).mean(), rel=1e-9)


def test_objectives_share_the_policy_that_they_start_from_and_nothing_is_preferred(compared: Path):
    assert len(list((compared / "runs" / "sft").iterdir())) == 2
    assert len(list((compared / "runs" / "reward_model").iterdir())) == 6
    assert not (compared / "runs" / "preference").exists()


def test_the_plain_row_is_the_reward_model_that_methods_train_on(compared: Path):
    """A plan of DDO-RM over the same runs finds both of its reward models finished."""
    request = CompareRequest(["ddo_rm"], str(MICRO), ["1", "2"])
    plan = prepare_comparison(request, RunOptions("cpu", runs=compared / "runs")).session.plan
    keys = [key for key, spec in plan.stages.items() if spec.kind == "reward_model"]
    assert len(keys) == 2 and all((compared / "runs" / key / "status.json").is_file() for key in keys)


def test_a_gpm_margin_is_a_log_odds(compared: Path):
    """The two rewards of a pair are opposite."""
    for lock in (compared / "runs" / "reward_model").glob("*/model/reward_head.json"):
        if json.loads(lock.read_text()).get("objective", {}).get("name") == "gpm":
            key = lock.parents[1].name
            break
    stages = [p for p in (compared / "runs" / "reward").iterdir() if key in (p / "lock.yaml").read_text()]
    rows = pd.read_parquet(stages[0] / "rows.parquet").pivot(index="example", columns="candidate", values="reward")
    assert (rows[0] + rows[1]).abs().max() == pytest.approx(0.0, abs=1e-6)
    assert math.isfinite(float(rows[0].std())) and rows[0].std() > 0


# --- heads that are more than a number ------------------------------------------------------------------------------

SERVED = {
    "micro": {"heads": 3},
    "drm": {"components": 4},
    "features": {"columns": ["gold"]},
    "regression": {"column": "gold"},
    "plackett_luce": {"column": "gold"},
    "eurus": {},
}


@pytest.mark.parametrize("name", SERVED)
def test_the_rewards_of_a_stage_are_those_of_the_saved_head(tmp_path: Path, name: str):
    """Through the stages, with the toy world's columns; on four candidates where they are taken."""
    hyper = ", ".join(f"{key}: {value}" for key, value in SERVED[name].items()).replace("'", "")
    sets = [f"reward_model.objective.hyper={{{hyper}}}"]
    sets += ["reward_model.split=train_candidates"] if name in ("regression", "plackett_luce") else []
    status = finish([f"reward_model@{name}"], runs=tmp_path / "runs", sets=sets)
    assert set(status.values()) == {"done"}, status
    (head,) = (tmp_path / "runs" / "reward_model").glob("*/model/reward_head.json")
    assert json.loads(head.read_text())["objective"]["name"] == name
    rows = pd.read_parquet(next((tmp_path / "runs" / "reward").glob("*/rows.parquet")))
    assert np.isfinite(rows["reward"]).all() and rows["reward"].std() > 0


def test_more_components_than_the_hidden_size_stop_the_stage_with_both(tmp_path: Path):
    line = ("train", "reward_model@drm", "--setting", MICRO, "--seeds", 1, "--workers", 1, "--runs", tmp_path / "runs")
    ended = bench(*line, "--results", tmp_path / "results")
    assert ended.code == 2 and "needs a hidden size of 50 or more, the model has 32" in ended.err


def test_users_and_groups_of_the_data_reach_ideal_points_and_the_worst_group(write_yaml, tmp_path: Path):
    """Two users who want opposite words; each is a group."""
    words = ("yes", "no")
    pairs = [
        {"prompt": f"Say {i}.", "chosen": words[i % 2], "rejected": words[1 - i % 2], "user": i % 2, "group": i % 2}
        for i in range(24)
    ]
    for split in ("sft", "train", "reward", "test"):
        (tmp_path / f"{split}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in pairs), encoding="utf-8")
    files = ", ".join(f"{split}: {split}.jsonl" for split in ("sft", "train", "reward", "test"))
    options = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
    local = f"options: {{files: {{{files}}}, columns: [user, group]}}"
    setting = write_yaml("users.yaml", swap={"source: toy": "source: local_files", options: local})
    hyper = "reward_model.objective.hyper={users: 2, dimensions: 8}"
    runs, results = tmp_path / "runs", tmp_path / "results"
    sets = [hyper, "reward_model.learning_rate=1e-2"]
    assert set(finish(["reward_model@pal_a"], runs=runs, setting=setting, sets=sets).values()) == {"done"}
    words = [word for text in sets for word in ("--set", text)]
    ended = bench(
        *("compare", "reward_model@pal_a", "--setting", setting, "--seeds", 1, "--runs", runs, "--results", results),
        *(*words, "--metrics", "worst_group_accuracy"),
    )
    assert ended.code == 0, ended.err
    measured = pd.read_csv(results / "micro" / "measurements.csv").set_index("metric")["value"]
    assert "worst_group_accuracy under reward_model" in ended.out
    rows = pd.read_parquet(next((runs / "reward").glob("*/rows.parquet")))
    rewards = rows.pivot(index="example", columns="candidate", values="reward")
    right = np.where(rewards[0] == rewards[1], 0.5, rewards[0] > rewards[1])
    group = rewards.index.str[-5:].astype(int) % 2  # ids count the rows
    by_group = [right[group == number].mean() for number in (0, 1)]
    assert measured["worst_group_accuracy"] == pytest.approx(min(by_group))
    assert measured["pair_accuracy"] == pytest.approx(np.mean(by_group))


# --- what is refused ------------------------------------------------------------------------------------------------


def refused(tmp_path: Path, *args: object) -> str:
    ended = bench("compare", *args, "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code == 2, ended.out
    return ended.err


def test_reward_models_beside_policies_are_refused(tmp_path: Path):
    message = refused(tmp_path, "reward_model", "dpo")
    assert "expected reward models alone or policies alone, found reward_model beside dpo" in message


def test_a_coefficient_that_an_objective_cannot_obey_is_refused(tmp_path: Path):
    message = refused(tmp_path, "reward_model@regression", "--set", "reward_model.center_rewards_coefficient=0.1")
    assert "reward_model.center_rewards_coefficient: expected 0, since rewards of objective 'regression'" in message


def test_a_column_that_the_data_do_not_have_is_named(tmp_path: Path):
    message = refused(tmp_path, "reward_model@bt_margin")
    assert "'bt_margin' reads the column 'margin', which split 'reward' does not have; it has gold, p_chosen" in message


def test_a_hyper_parameter_out_of_range_is_refused_where_it_stands(tmp_path: Path):
    message = refused(tmp_path, "reward_model@gpm", "--set", "reward_model.objective.hyper.tau=0.0")
    assert "reward_model.objective.hyper: tau: expected a finite number above 0, got 0.0" in message


def test_an_objective_that_there_is_not_is_named_with_those_there_are(tmp_path: Path):
    assert "Did you mean 'regression'" in refused(tmp_path, "reward_model@regresion")
    message = refused(tmp_path, "reward_model", "--set", "reward_model.objective.name=gmp")
    assert "unknown reward-model objective 'gmp'. Did you mean 'gpm'" in message
    assert "write reward_model.objective.hyper" in refused(tmp_path, "reward_model", "--set", "method.hyper.beta=1.0")
