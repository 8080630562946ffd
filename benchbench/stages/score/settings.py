"""Settings of scoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from benchbench.core.identity import Since
from benchbench.recipe.training import OnEmptyResponse
from benchbench.stages.settings import POLICIES, ReadingRun, ScoringSettings


class ScoreSettings(ScoringSettings):
    """The log-probability of every response of a split under one policy."""

    PRIORITY: ClassVar[int] = 7
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"policy": POLICIES}

    stage_version: int = 3
    """That of the rows, too (`scorer_version`)."""
    dtype: Literal["float32", "bfloat16"]
    """Precision of weights, log-softmax, sum and mean."""
    bf16: bool
    """bfloat16 autocast of the forward pass."""
    keep_all: bool
    """Keep examples that tokenisation would drop; they are flagged."""
    on_empty_response: OnEmptyResponse
    store_tokens: bool
    """Keep the log-probability of every token."""
    seed: int | None
    """What the weights of a base model without pinned ones are drawn from; none where nothing is drawn."""
    entropy: Annotated[bool, Since("2026-11-28", before=False)] = False
    """Whether rows have the mean entropy at the response's positions, too."""


SETTINGS, RUN = ScoreSettings, ReadingRun
SCORER_VERSION: int = ScoreSettings.model_fields["stage_version"].default
"""Stands in every score row."""
