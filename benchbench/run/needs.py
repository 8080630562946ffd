"""What a stage needs of the machine, by its kind and its settings."""

from __future__ import annotations

from typing import Any

from benchbench import judges
from benchbench.core.records import StageSpec
from benchbench.run.executor import StageNeeds
from benchbench.stages import settings_class
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.judge.settings import JudgeSettings
from benchbench.stages.rollout.settings import RolloutSettings
from benchbench.stages.settings import TrainingSettings

TRAINING_WEIGHT = 10
"""About how many times as long as scoring a training takes."""


def needs_of(
    spec: StageSpec, *, world_size: int = 1, device_share: float = 1.0, device_kind: str = "cuda"
) -> StageNeeds:
    """What a stage needs, by its kind.

    Args:
        spec: the stage.
        world_size: processes that work on a stage together, each on a device: on one that trains, draws, or judges
            with a model; every other one runs in one process.
        device_share: part of a device that a stage in one process takes; one that draws with vLLM takes a whole one.
        device_kind: `cpu` or `cuda`: a processor, which all processes share, holds one vLLM.
    """
    settings = settings_class(spec.kind)
    weight = TRAINING_WEIGHT if issubclass(settings, TrainingSettings) else 1
    takes_vllm = settings.USES_ENGINE and _may_take_vllm(spec.settings)
    devices: float = world_size if _takes_several(spec) and not (takes_vllm and device_kind == "cpu") else 1
    if devices == 1 and not takes_vllm:
        devices = device_share
    return StageNeeds(devices, engine=settings.USES_ENGINE, priority=settings.PRIORITY, weight=weight)


def _takes_several(spec: StageSpec) -> bool:
    """Whether several processes can work on a stage together."""
    settings = settings_class(spec.kind)
    if isinstance(spec.settings, RolloutSettings):
        return spec.settings.draw is not None
    if isinstance(spec.settings, JudgeSettings):
        return judges.get(str(spec.settings.judge.get("name"))).uses_device
    return issubclass(settings, TrainingSettings) or settings.USES_ENGINE


def _may_take_vllm(settings: Any) -> bool:
    """Whether vLLM may draw, which measures how much of its card is free and takes what it needs for itself."""
    if isinstance(settings, GenerateSettings):
        return settings.generate.engine != "transformers"
    return not isinstance(settings, RolloutSettings) or (
        settings.draw is not None and settings.draw.engine != "transformers"
    )
