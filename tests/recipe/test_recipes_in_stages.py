"""Recipes that go on from another recipe: in small worlds, from the first stage's pairs to the last stage's policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import finish

from benchbench.core.records import StageSpec
from benchbench.plan.graph import Plan

from .test_tiny_recipes import SIZES, planned


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that the plans share."""
    return tmp_path_factory.mktemp("runs")


def chain(plan: Plan) -> list[StageSpec]:
    """Preference stages under the cell's policy, from the one that starts from SFT on."""
    stages: list[StageSpec] = []
    key = plan.cells[0].policy
    while key is not None and key.startswith("preference/"):
        stages.insert(0, plan.stages[key])
        key = plan.stages[key].inputs.get("policy")
    return stages


def test_curry_dpo_goes_from_wide_gaps_to_narrow_ones_with_the_last_policy_as_reference(runs: Path):
    plan = planned(["recipes/dpo_curry_tiny.yaml"], runs)
    stages = chain(plan)
    assert [spec.title.split(" ")[0] for spec in stages] == ["dpo@curry_easy", "dpo@curry_medium", "dpo@curry"]
    for before, after in zip(stages, stages[1:], strict=False):
        assert plan.stages[after.inputs["reference"]].inputs["policy"] == before.key
    lines = [(runs / "data" / spec.run.data_key / "train_candidates.jsonl") for spec in stages]
    assert len({spec.settings.data.hash for spec in stages}) == 3 and all(path.is_file() for path in lines)


def test_preflexor_scores_answers_alone_after_a_stage_on_whole_chains(runs: Path):
    """Of 3 tokens at most (`answer` is masked): the number, the separator, EOS; whole chains have many more."""
    sizes = [f"data.options.{text}" for text in SIZES["arithmetic"]]
    targets = ["recipes/dpo_preflexor_arithmetic.yaml"]
    plan = planned(targets, runs, "sft.max_steps=4", setting="arithmetic")
    assert [spec.title.split(" ")[0] for spec in chain(plan)] == ["orpo@preflexor", "dpo@preflexor"]
    status = finish(
        targets, runs=runs, setting="arithmetic", seeds=(42,), sets=[*sizes, "sft.max_steps=4"], pairs_only=True
    )
    assert set(status.values()) == {"done"}
    from benchbench.store.rows import read_rows

    reference = read_rows(runs / chain(plan)[-1].inputs["reference"])
    scored = {len(logps) for logps in reference["token_logps"]}
    assert scored and max(scored) <= 5


def test_self_training_fits_right_chains_that_the_policy_after_dpo_draws(runs: Path, tmp_path: Path):
    """Copies with few prompts and steps; a policy of few steps may be right never, so that rows are looked for."""
    names = ("dpo_self_training_arithmetic.yaml", "imitation_self_training_arithmetic.yaml")
    for name in names:
        text = Path("recipes", name).read_text(encoding="utf-8")
        text = text.replace("per_round: 1000", "per_round: 24").replace("max_steps: 63", "max_steps: 3")
        (tmp_path / name).write_text(text.replace("dpo@self_training", names[0]), encoding="utf-8")
    sizes = [f"data.options.{text}" for text in SIZES["arithmetic"]]
    sets = [*sizes, "model.from_config.num_hidden_layers=1", "sft.max_steps=60", "generate.engine=transformers"]
    status = finish([tmp_path / names[1]], runs=runs, setting="arithmetic", seeds=(42,), sets=sets, pairs_only=True)
    assert set(status.values()) == {"done"}
    kinds = [key.split("/")[0] for key in status]
    assert [kinds.count(kind) for kind in ("rollout", "label", "select", "preference")] == [2, 2, 2, 2]
    for place, key in enumerate(key for key in status if key.startswith("select/")):
        lines = (runs / key / "examples" / "train.jsonl").read_text(encoding="utf-8").splitlines()
        assert all(json.loads(line)["columns"]["score"][0] == 1.0 for line in lines)
        assert all(len(json.loads(line)["tokens"]["responses"]) == 2 - place for line in lines)


def test_selfie_orders_draws_by_the_log_ratio_of_its_policy_to_sft(runs: Path):
    plan = planned(["recipes/cdpo_soft_selfie_tiny.yaml"], runs, "rounds.prompts.per_round=4")
    labels = [spec for spec in plan.stages.values() if spec.kind == "label"]
    seed, first, second = chain(plan)
    assert [spec.inputs["policy"] for spec in labels] == [seed.key, first.key]
    assert {plan.stages[spec.inputs["reference"]].kind for spec in labels} == {"sft"}
    assert {plan.stages[plan.stages[spec.inputs["reference"]].inputs["policy"]].kind for spec in (first, second)} == {
        "sft"
    }
