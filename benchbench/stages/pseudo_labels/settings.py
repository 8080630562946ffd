"""Settings of labelling pairs with a reward model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from benchbench.core.data_ref import DataRef
from benchbench.stages.settings import StageRun, StageSettings


class PseudoLabelSettings(StageSettings):
    """The labelled pairs, and the further pairs whose order the reward model is sure of."""

    PRIORITY: ClassVar[int] = 3
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"rewards": ("reward",)}

    stage_version: int = 2
    data: DataRef
    """The pairs to label."""
    labelled: DataRef
    """The labelled pairs, of a prepared split."""
    threshold: float
    """Probability of the order above which a pair is taken."""


SETTINGS, RUN = PseudoLabelSettings, StageRun
