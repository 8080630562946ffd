"""Settings of preference training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from benchbench.recipe.anchors import ANCHOR_POLICY
from benchbench.recipe.training import OnEmptyResponse, RewardSource
from benchbench.stages.settings import POLICIES, LoopSettings, MethodSettings, TrainingRun, TrainingSettings


class PreferenceMethodSettings(MethodSettings):
    """Which loss, with which numbers; the name of a method that is not built in ends with the hash of its content."""

    hyper: dict[str, Any]
    """Identity of the method's hyper-parameters; those that joined later and change nothing are left out."""


class PreferenceSettings(TrainingSettings):
    """A method's loss on the policy that SFT left."""

    PRIORITY: ClassVar[int] = 5
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"policy": POLICIES, ANCHOR_POLICY: POLICIES}
    TAKES_NEEDS: ClassVar[bool] = True

    stage_version: int = 1
    training: LoopSettings
    method: PreferenceMethodSettings
    reward: RewardSource | None
    """Where the rewards are from; none for methods that declare none."""
    on_empty_response: OnEmptyResponse


class PreferenceRun(TrainingRun):
    """Where the stage finds its method."""

    method_file: str | None = None
    """Path of the file that defines the method; none where it is found by its name."""


SETTINGS, RUN = PreferenceSettings, PreferenceRun
