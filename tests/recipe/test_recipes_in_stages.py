"""Recipes that go on from another recipe: in small worlds, from the first stage's pairs to the last stage's policy."""

from __future__ import annotations

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
