"""Held-out scoring: what is measured of every recipe of a setting, and which number tables begin with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchbench.core.identity import RUN
from benchbench.recipe.section import NonEmpty, Section
from benchbench.recipe.training import TokenBudget


class HeadlineSection(Section):
    """The one metric that tables begin with, and whose p-values get Holm's correction.

    Recipes of reward models (method `reward_model`) take the metric; their scoring is always the reward model.
    """

    metric: NonEmpty
    """Name of a metric, a file of `benchbench/metrics/`."""
    scoring: Literal["logp_mean", "logp_sum", "implicit", "reward_model"]
    """What a response is scored by: the policy's mean or summed log-probability, its log-ratio to the SFT policy, or
    the reward model."""


class ScoreSection(Section):
    """Held-out scoring: one row per response; metrics are computed from the rows."""

    split: NonEmpty
    """Held-out split; each of its examples must be a pair."""
    dtype: Literal["float32", "bfloat16"]
    """Precision of the forward pass and of log-softmax, sum and mean."""
    per_device_eval_batch_size: Annotated[int, Field(gt=0), RUN] = 64
    """Examples per forward pass of scoring; a memory setting, but part of the result when scores are in bfloat16, where
    a row's score depends on the other rows of its batch."""
    tokens_per_microbatch: Annotated[TokenBudget, RUN] = "auto"
    """Tokens per forward pass of scoring at most, as in training."""
    max_length: int | None = Field(default=None, gt=1)
    """Replaces `tokenization.max_length` in held-out scoring."""
    truncation: Literal["right", "left", "drop", "error"] | None = None
    """Replaces `tokenization.truncation` in held-out scoring."""
    tie_credit: float = Field(ge=0, le=1)
    """Value of a tied pair in pair accuracy."""
    exclude: tuple[Literal["identical", "truncated", "empty", "overlong"], ...] = ()
    """Metrics leave out pairs with one of these flags; their rows are kept."""
    headline: HeadlineSection
    """The one metric that tables begin with."""
