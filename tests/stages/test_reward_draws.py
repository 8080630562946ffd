"""West-of-N: a reward model that is trained again with pairs of draws, which a first one put in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import execute

from benchbench.plan.draws import family_of
from benchbench.plan.graph import Cell, Plan
from tests.stages.reward_draws import drawn_pairs
from tests.stages.rounds import World, world


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Finished: the best and the worst of three draws to each of ten prompts."""
    made = world(tmp_path_factory.mktemp("pairs"), drawn_pairs(), target="reward_model")
    assert set(made.run().values()) == {"done"}
    return made


def second_model(plan: Plan, cell: Cell) -> str:
    return plan.stages[str(cell.reward)].inputs["reward_model"]


def planned_for(folder: Path, *seeds: int) -> list[World]:
    return [world(folder, drawn_pairs(), target="reward_model", seed=seed) for seed in seeds]


def test_the_pairs_are_the_best_and_the_worst_by_the_first_reward_model(made: World):
    """What trains the second one are the labelled pairs, all 96, and those that the selection left."""
    key = second_model(made.plan, made.cell)
    select = made.plan.stages[key].inputs["drawn"]
    label = made.plan.stages[select].inputs["label"]
    first = made.plan.stages[label].inputs["reward_model"]
    assert first != key and "drawn" not in made.plan.stages[first].inputs
    assert made.plan.stages[made.plan.stages[label].inputs["rollout"]].inputs["policy"].startswith("sft/")
    rows = [
        json.loads(line) for line in (made.store.folder(select) / "examples" / "train.jsonl").read_text().splitlines()
    ]
    scores = [row["columns"]["score"] for row in rows]
    assert 0 < len(rows) <= 10 and all(best > worst for best, worst in scores)
    records = {each: made.store.record(each).summary for each in (first, key)}
    assert records[first]["examples"] == 96 and "drawn_pairs" not in records[first]
    assert records[key]["examples"] == 96 + len(rows) and records[key]["drawn_pairs"] == len(rows)
    assert records[key]["read"] == {"drawn": made.store.record(select).summary["content"]}


def test_metarm_climbs_on_the_same_draws_which_nobody_labels(made: World):
    """Its pairs are the labelled ones alone; of the plan only rows and model are new, and no first model is there."""
    sets = ("reward_model.objective={name: bt_meta, hyper: {eta: 0.1}}", drawn_pairs(selector="{name: all_draws}"))
    climbing = world(made.store.root.parent, *sets, target="reward_model")
    key = second_model(climbing.plan, climbing.cell)
    select = climbing.plan.stages[key].inputs["drawn"]
    assert set(climbing.plan.stages) - set(made.plan.stages) == {select, key, str(climbing.cell.reward)}
    assert [execute(climbing.plan.stages[each], made.store).status for each in (select, key)] == ["done", "done"]
    summary = made.store.record(key).summary
    assert summary["examples"] == 96 and 0 < summary["climbed_rows"] <= 10 and "drawn_pairs" not in summary
    assert 0.33 < summary["last"]["ascent"] < 2 / 3, "2/9 of three sigmoids between 1/2 and 1"


def test_another_seeds_stage_is_of_the_same_family(tmp_path: Path):
    """The rows are an input, and no setting that would have the key of a seed's stage."""
    families = {family_of(each.plan, second_model(each.plan, each.cell)) for each in planned_for(tmp_path, 1, 2)}
    assert len(families) == 1


def test_a_method_takes_its_rewards_from_the_second_model(tmp_path: Path):
    """And draws the first model's pairs once, beside its own rounds."""
    planned = world(tmp_path, drawn_pairs(), target="ddo_rm")
    rewards = planned.plan.stages[planned.plan.stages[str(planned.cell.policy)].inputs["reward"]]
    assert "drawn" in planned.plan.stages[rewards.inputs["reward_model"]].inputs
    kinds = [spec.kind for spec in planned.plan.stages.values()]
    assert kinds.count("reward_model") == 2 and kinds.count("rollout") == 1


def test_a_policy_that_was_trained_with_the_first_model_draws_for_the_second(tmp_path: Path):
    """Reward learning on policy: SFT, reward model, policy, its draws, reward model; the first two are shared."""
    planned = world(tmp_path, drawn_pairs(policy="ddo_rm"), target="reward_model")
    stages, key = planned.plan.stages, second_model(planned.plan, planned.cell)
    select = stages[stages[key].inputs["drawn"]]
    policy = stages[stages[select.inputs["rollout"]].inputs["policy"]]
    assert policy.kind == "preference" and policy.title == "ddo_rm seed 1"
    first = stages[select.inputs["label"]].inputs["reward_model"]
    assert stages[policy.inputs["reward"]].inputs["reward_model"] == first != key
    order = [*stages]
    assert order.index(first) < order.index(policy.key) < order.index(stages[key].inputs["drawn"]) < order.index(key)
    alone = world(tmp_path, target="ddo_rm").plan.stages
    assert {first, policy.inputs["policy"]} <= {*alone}, "as in a comparison of its own"


def test_no_pair_at_all_is_said_and_nothing_is_trained_with_it(tmp_path: Path):
    """No probability is above the least one, so that every group is left out."""
    planned = world(
        tmp_path, drawn_pairs(selector="{name: west_of_n, options: {min_confidence: 0.999999}}"), target="reward_model"
    )
    records: list[Any] = []
    for spec in planned.plan.stages.values():
        if all(record.status == "done" for record in records):
            records.append(execute(spec, planned.store))
    assert records[-1].status == "failed" and records[-1].key.startswith("select/")
    assert "found none: " in records[-1].message and "loosen the selector's options" in records[-1].message
