"""What stages need: a part of a device, one, or several."""

from __future__ import annotations

from typing import Any

import pytest

from benchbench.core.records import StageSpec
from benchbench.recipe.generation import GenerateSection
from benchbench.run.needs import needs_of
from benchbench.stages import kinds
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.judge.settings import JudgeSettings
from benchbench.stages.rollout.settings import DrawSettings, RolloutSettings

from .test_scheduler import stage

KINDS = (
    *("sft", "reward_model", "preference", "score", "reward", "label", "select", "reward_ensemble"),
    "model_columns",
)
TRAINS = ("sft", "reward_model", "preference")


def drawing(kind: str, engine: str) -> StageSpec:
    """A stage that draws with an engine."""
    if kind == "generate":
        settings: Any = GenerateSettings.model_construct(generate=GenerateSection.model_construct(engine=engine))
    else:
        settings = RolloutSettings.model_construct(draw=DrawSettings.model_construct(engine=engine))
    return StageSpec(kind, "drawn", settings)


def judging(name: str) -> StageSpec:
    return StageSpec("judge", "judged", JudgeSettings.model_construct(judge={"name": name}))


def test_every_kind_has_its_place_and_one_kind_needs_the_engine():
    needs = {kind: needs_of(stage(kind, kind)) for kind in kinds()}
    assert len({need.priority for need in needs.values()}) == len(needs)
    assert [kind for kind, need in needs.items() if need.engine] == ["generate", "rollout"]


@pytest.mark.parametrize("kind", ["generate", "rollout"])
@pytest.mark.parametrize(("engine", "devices"), [("auto", 1), ("vllm", 1), ("transformers", 0.25)])
def test_what_vllm_may_draw_takes_a_whole_card(kind: str, engine: str, devices: float):
    if (kind, engine) == ("rollout", "auto"):
        pytest.skip("a plan settles the engine of a rollout")
    assert needs_of(drawing(kind, engine), device_share=0.25).devices == devices
    assert needs_of(drawing(kind, engine)).devices == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_other_stage_takes_its_part(kind: str):
    assert needs_of(stage(kind, kind), device_share=0.25).devices == 0.25
    assert needs_of(stage(kind, kind), world_size=4).devices == (4 if kind in TRAINS else 1)


@pytest.mark.parametrize("kind", ["generate", "rollout"])
def test_all_processes_draw_and_a_processor_holds_one_vllm(kind: str):
    assert [needs_of(drawing(kind, engine), world_size=4).devices for engine in ("vllm", "transformers")] == [4, 4]
    on_cpu = [
        needs_of(drawing(kind, engine), world_size=4, device_kind="cpu").devices for engine in ("vllm", "transformers")
    ]
    assert on_cpu == [1, 4]


def test_a_rollout_that_draws_nothing_runs_in_one_process():
    spec = StageSpec("rollout", "read", RolloutSettings.model_construct(draw=None))
    assert needs_of(spec, world_size=4).devices == 1


@pytest.mark.parametrize(("name", "devices"), [("reward_model", 4), ("gold", 1), ("chat_endpoint", 1)])
def test_a_judge_with_a_model_is_asked_by_all_processes(name: str, devices: int):
    assert needs_of(judging(name), world_size=4).devices == devices
