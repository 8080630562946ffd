"""Columns of training examples that models make: what each is, of which model, and what becomes of gaps."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.section import Section

MOST_COLUMNS = 16
"""That one recipe has made."""
LOGP_SUM, LOGP_MEAN, ENTROPY = "logp_sum", "logp_mean", "entropy"
IMPLICIT_REWARD, REWARD, DROPOUT_REWARDS = "implicit_reward", "reward", "dropout_rewards"
OF_A_POLICY = (LOGP_SUM, LOGP_MEAN, ENTROPY, IMPLICIT_REWARD)
"""Values that a policy gives; the others are a reward model's."""
_OPTIONS = {"reference": (IMPLICIT_REWARD,), "beta": (IMPLICIT_REWARD,), "passes": (DROPOUT_REWARDS,)} | {
    name: (DROPOUT_REWARDS,) for name in ("draw_seed", "dropout")
}
"""Key -> the values that read it; each is refused beside another value."""


class ModelColumnSection(Section):
    """One column: a number of every candidate that a frozen model gives; docs/data.md has an example."""

    value: Literal["logp_sum", "logp_mean", "entropy", "implicit_reward", "reward", "dropout_rewards"]
    """`logp_sum`, `logp_mean`: log-probability of the response, summed or per token, nats; `entropy`: mean entropy of
    the next-token distribution at the response's positions, nats; `implicit_reward`: `beta` times the summed log-ratio
    of `model` to `reference`; `reward`: a reward model's; `dropout_rewards`: the same in several passes with dropout,
    a column for each (`NAME_1`, `NAME_2`, ...) beside `NAME_mean` and `NAME_sd`, and, of a pair, `NAME_margin_mean` and
    `NAME_margin_sd`."""
    model: AnchorSource | None = None
    """Whose value it is. Required for a policy's; for a reward model's none takes the recipe's own, and the one other
    is `recipe: reward_model@NAME`."""
    reference: AnchorSource | None = None
    """Policy of the denominator of an implicit reward; none takes the one that preference training starts from."""
    beta: float | None = Field(default=None, gt=0)
    """Reward per nat of an implicit reward; none takes 0.1, DPO's."""
    passes: int | None = Field(default=None, ge=2, le=100)
    """Number of passes with dropout; none takes 10."""
    draw_seed: int | None = Field(default=None, ge=0)
    """Seed of the dropout masks, not the training seed; none is 0."""
    dropout: float | None = Field(default=None, gt=0, lt=1)
    """Set every dropout probability of the reward model to this for the passes; none takes the model's own, of which
    one must be above 0."""
    missing: Literal["drop", "keep", "error"] = "drop"
    """Examples in which a value is not defined (a response without a token, a number that is not finite): leave them
    out and count them, keep the gap as NaN for a transform that takes gaps, or stop."""

    @property
    def of_policy(self) -> bool:
        """Whether a policy gives it, and not a reward model."""
        return self.value in OF_A_POLICY

    @model_validator(mode="after")
    def _reads_what_it_names(self) -> Self:
        for name, values in _OPTIONS.items():
            if getattr(self, name) is not None and self.value not in values:
                raise ValueError(f"{name}: read for value {' or '.join(values)} alone, got value {self.value}")
        if self.of_policy and self.model is None:
            example = "{policy: sft}, {recipe: dpo} or {model_name_or_path: FOLDER}"
            raise ValueError(f"model: required for value {self.value}, not given; expected {example}")
        if not self.of_policy and self.model is not None and self.model.recipe is None:
            raise ValueError(
                f"model: expected a recipe of a reward model for value {self.value}, such as "
                "{recipe: reward_model@bt_soft}, or none for the recipe's own"
            )
        return self

    def made_columns(self, name: str) -> tuple[str, ...]:
        """Names of the columns that each candidate has of it, under the name it has in the recipe."""
        if self.value != DROPOUT_REWARDS:
            return (name,)
        return (*(f"{name}_{i + 1}" for i in range(self.pass_count)), f"{name}_mean", f"{name}_sd")

    def margin_columns(self, name: str) -> tuple[str, ...]:
        """Names of the columns that a pair has of it beside those of each candidate."""
        return (f"{name}_margin_mean", f"{name}_margin_sd") if self.value == DROPOUT_REWARDS else ()

    @property
    def pass_count(self) -> int:
        """Number of passes with dropout."""
        return 10 if self.passes is None else self.passes

    @property
    def scale(self) -> float:
        """Reward per nat of an implicit reward."""
        return 0.1 if self.beta is None else self.beta


def has_dropout_passes(values: Any) -> bool:
    """Whether one of a recipe's columns, as plain values, is made with dropout, where batches move numbers."""
    columns = values if isinstance(values, dict) else {}
    return any(isinstance(column, dict) and column.get("value") == DROPOUT_REWARDS for column in columns.values())
