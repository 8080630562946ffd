"""Settings of selecting training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from benchbench.core.data_ref import DataRef
from benchbench.core.identity import Since
from benchbench.recipe.rounds import MOST_ROUNDS
from benchbench.recipe.section import Section
from benchbench.stages.settings import StageRun, StageSettings

REPLAY = "replay_"
"""Begins the inputs' names, which end with the number of the round whose rows are trained on again."""


class SelectorSettings(Section):
    """Which responses become rows."""

    name: str
    version: int
    options: dict[str, Any]
    """Identity of its options."""
    columns: Annotated[dict[str, str], Since("2026-11-29", before={})] = {}
    """Further name -> the column of a row that it is."""


class SelectSettings(StageSettings):
    """The training rows of a round."""

    PRIORITY: ClassVar[int] = 12
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "rollout": ("rollout",),
        "label": ("label",),
        **{f"{REPLAY}{number}": ("select",) for number in range(1, MOST_ROUNDS + 1)},
    }

    stage_version: int = 1
    data: DataRef
    """The split whose prompts were answered."""
    round: int
    selector: SelectorSettings
    seed: int | None
    """What the selector draws from; none where it draws nothing."""
    on_empty: Literal["keep_policy", "fail"]
    keeps_latest: Annotated[bool, Since("2026-11-30", before=False)] = False
    """Whether prompts that the round does not answer keep the rows of their latest round, which the selection of the
    round before holds; else all that earlier rounds selected themselves is replayed."""


SETTINGS, RUN = SelectSettings, StageRun
