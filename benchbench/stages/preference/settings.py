"""Settings of preference training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from benchbench.core.data_ref import DataRef
from benchbench.core.identity import Since
from benchbench.recipe.anchors import ANCHOR_POLICY
from benchbench.recipe.section import Section
from benchbench.recipe.training import OnEmptyResponse, RewardSource
from benchbench.stages.settings import (
    POLICIES,
    LoopSettings,
    MethodSettings,
    ToolSettings,
    TrainingRun,
    TrainingSettings,
)

GUIDE = "guide"
"""Input with the further policy that a shaping reads."""
KEPT_POLICY = "kept_policy"
"""Input with the policy that stays where a round has no row, where training starts at another one."""


class PreferenceMethodSettings(MethodSettings):
    """Which loss, with which numbers; the name of a method that is not built in ends with the hash of its content."""

    hyper: dict[str, Any]
    """Identity of the method's hyper-parameters; those that joined later and change nothing are left out."""


class ExhibitSettings(Section):
    """A sampler, an oracle or a selector."""

    name: str
    version: int
    options: dict[str, Any]
    """Identity of its options."""
    pins: dict[str, str] = {}
    """What pins an oracle's answers besides, by name."""


class OnlineSettings(Section):
    """Responses that are drawn while the policy is trained."""

    draws_rows: bool
    """Whether they are the rows; else they stand beside those of the split."""
    prompts: DataRef | None
    """Examples whose prompts are answered; none for those that the stage reads."""
    sampler: ExhibitSettings
    num_samples: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    max_new_tokens: int
    tool: Annotated[ToolSettings | None, Since("2026-11-30", before=None)] = None
    """The tool that responses call; none where they have a single turn."""
    stop_tokens: tuple[str, ...]
    """Those that the recipe names."""
    stop_token_ids: tuple[int, ...] | None
    """Tokens that end a response; none where EOS and the named ones are all."""
    oracle: ExhibitSettings | None
    selector: ExhibitSettings | None
    shaping: Annotated[ExhibitSettings | None, Since("2026-11-30", before=None)] = None
    """What is made of a prompt's responses and their labels; none takes the oracle's scores as they are."""
    steps_per_generation: int
    num_iterations: int

    @property
    def steps_between_draws(self) -> int:
        """Optimizer steps from one draw to the next."""
        return self.steps_per_generation * self.num_iterations


class PreferenceSettings(TrainingSettings):
    """A method's loss on the policy that SFT left."""

    PRIORITY: ClassVar[int] = 5
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "policy": POLICIES,
        ANCHOR_POLICY: POLICIES,
        KEPT_POLICY: POLICIES,
        GUIDE: POLICIES,
        "reward_model": ("reward_model",),
    }
    TAKES_NEEDS: ClassVar[bool] = True

    stage_version: int = 1
    training: LoopSettings
    method: PreferenceMethodSettings
    reward: RewardSource | None
    """Where the rewards are from; none for methods that declare none."""
    on_empty_response: OnEmptyResponse
    online: Annotated[OnlineSettings | None, Since("2026-11-29", before=None)] = None
    """What is drawn in training; none trains on the split alone."""


class PreferenceRun(TrainingRun):
    """Where the stage finds its method."""

    method_file: str | None = None
    """Path of the file that defines the method; none where it is found by its name."""
    oracle_options: dict[str, Any] | None = None
    """Every option of the oracle, those that move no answer too; none where nothing is labelled."""
    folder: str | None = None
    """Folder from which relative paths in an oracle's options start; none where nothing is drawn."""


SETTINGS, RUN = PreferenceSettings, PreferenceRun
