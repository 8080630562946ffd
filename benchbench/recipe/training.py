"""Training sections: one optimizer run each, in the spelling of Hugging Face and TRL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from benchbench.recipe.section import Section

RUN_KEYS = (
    "per_device_train_batch_size",
    "per_device_eval_batch_size",
    "gradient_checkpointing",
    "logging_steps",
    "save_steps",
)
"""Settings of the run: recorded, and no part of a fingerprint but where they move numbers (`recipe.memory`)."""


JOINED_LATER: Mapping[str, Any] = {
    "sft.gradient_divisor": 1.0,
    "reward_model.gradient_divisor": 1.0,
    "preference.gradient_divisor": 1.0,
    "sft.on_empty_response": "drop",
    "tokenization.template_date": None,
    "generate": None,
    "judge": None,
    "data.options.ignore_columns": [],
    "data.options.on_tool_calls": "error",
    "data.options.drop_missing": [],
    "data.options.preferred_by": "ratings",
    "data.options.max_contradicted": 0.05,
}
"""Fields that joined after results were committed -> the value that means what was done before. At that value a field
is no part of an identity, so that a new field makes no finished stage and no committed number another one. A source's
options have their place here too."""


class TrainingSection(Section):
    """What one optimizer run is made of."""

    split: Annotated[str, Field(min_length=1)]
    """Split of the data it trains on."""
    learning_rate: float = Field(gt=0)
    """Peak learning rate, per optimizer step."""
    lr_scheduler_type: Literal["linear", "cosine", "constant"]
    """After warm-up: straight to zero, half a cosine to zero, or level."""
    warmup_steps: int = Field(default=0, ge=0)
    """Optimizer steps of linear warm-up from zero."""
    warmup_ratio: float | None = Field(default=None, ge=0, lt=1)
    """Warm-up as a fraction of all steps, rounded up; excludes `warmup_steps`."""
    num_train_epochs: float = Field(default=1.0, gt=0)
    """Passes over the split."""
    max_steps: int | None = Field(default=None, gt=0)
    """Optimizer steps; where given, it decides instead of the epochs."""
    global_batch_size: int = Field(gt=0)
    """Examples per optimizer step, over all devices and microbatches; part of the result."""
    per_device_train_batch_size: int = Field(default=16, gt=0)
    """Examples per forward pass; a memory setting, but part of the result with dropout on or anything in bfloat16
    (`bf16`, `model.dtype`, `head_dtype`), where it moves numbers."""
    optim: Literal["adamw_torch"] = "adamw_torch"
    """Optimizer, as transformers names it."""
    adam_beta1: float = Field(default=0.9, ge=0, lt=1)
    """Decay of AdamW's running mean of gradients."""
    adam_beta2: float = Field(default=0.999, ge=0, lt=1)
    """Decay of AdamW's running mean of squared gradients."""
    adam_epsilon: float = Field(default=1e-8, gt=0)
    """What AdamW adds to the root of that mean before it divides."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled; biases and normalisation weights are left out, as in transformers."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradient clipping by global norm."""
    gradient_divisor: float = Field(default=1.0, gt=0)
    """What gradients are divided by before they are clipped; 1 but for stacks that divide once too often."""
    bf16: bool = False
    """bfloat16 autocast of the forward pass."""
    disable_dropout: bool = True
    """Set every dropout probability of the model and its adapters to zero."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass; a memory setting, never part of the result."""
    data_order: Literal["shuffled", "hf_seedable", "sequential"] = "shuffled"
    """`shuffled`: from the seed's own stream; `hf_seedable`: torch.randperm seeded with seed + epoch, as the
    Hugging Face sampler draws it; `sequential`: as stored."""
    length_window: int = Field(default=1, gt=0)
    """Batches whose examples are sorted by length among themselves before they are cut; 1 leaves the order alone."""
    max_length: int | None = Field(default=None, gt=1)
    """As `tokenization.max_length`, where this stage differs."""
    truncation: Literal["right", "left", "drop", "error"] | None = None
    """As `tokenization.truncation`, where this stage differs."""
    logging_steps: int = Field(default=10, gt=0)
    """Optimizer steps between lines of train.jsonl."""
    save_steps: int = Field(default=200, gt=0)
    """Optimizer steps between resumable checkpoints."""

    @model_validator(mode="after")
    def _one_warmup(self) -> Self:
        if self.warmup_steps and self.warmup_ratio is not None:
            raise ValueError("expected at most one of warmup_steps and warmup_ratio")
        return self


class SftSection(TrainingSection):
    """Supervised fine-tuning on the first candidate, the preferred one, of each example that is not labelled false."""

    own_per_method: bool = False
    """Train one SFT policy for each method instead of one for all of a seed; the same but for the noise of training."""
    on_empty_response: Literal["drop", "keep_constant", "error"] = "drop"
    """Examples without a response token left: drop and count, keep (they fill a place in their batch), or stop."""


class RewardModelSection(TrainingSection):
    """A scalar head on the backbone, trained with the Bradley-Terry loss on pairs."""

    pooling: Literal["last_token", "mean"]
    """Hidden state the head reads: of the last token, or the mean over response tokens."""
    center_rewards_coefficient: float = Field(default=0.0, ge=0)
    """Weight of (r_chosen + r_rejected)^2, which keeps rewards near zero."""
    head_dtype: Literal["float32", "bfloat16"] = "float32"
    """Precision of the head's weights."""
    init_from: Literal["sft", "base"] = "sft"
    """Backbone the training starts from."""
    score_truncation: Literal["right", "left", "error"] | None = None
    """Over-long texts when rewards are given: as in training where not named; required if training drops them."""
    score_append_eos: bool | None = None
    """End texts with EOS when rewards are given: as in training where not named."""


class RewardSource(Section):
    """Where a method that declares a reward takes it from."""

    source: Literal["stage", "column"]
    """The recipe's reward-model stage, or a column of the data."""
    column: Annotated[str, Field(min_length=1)] | None = None
    """Name of the column; required for `column`."""

    @model_validator(mode="after")
    def _names_column(self) -> Self:
        if (self.source == "column") != (self.column is not None):
            raise ValueError("expected `column` with source: column, and only then")
        return self


class PreferenceSection(TrainingSection):
    """Preference training of the policy that SFT left."""

    reward: RewardSource = RewardSource(source="stage")
    """Read only by methods that declare a reward."""
    reference: Literal["sft", "base"] = "sft"
    """The frozen anchor; read only by methods that declare a reference."""
    on_empty_response: Literal["drop", "keep_constant", "error"] = "drop"
    """Examples with a candidate that has no response token left: drop and count, keep with the constant loss of a
    response of probability one, or stop."""
