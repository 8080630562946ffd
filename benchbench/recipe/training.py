"""Training sections: one optimizer run each, in the spelling of Hugging Face and TRL."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, model_validator

from benchbench.core.identity import RUN, Since
from benchbench.recipe.anchors import AnchorSource, Reference
from benchbench.recipe.model_columns import MOST_COLUMNS, ModelColumnSection
from benchbench.recipe.reward_rounds import DrawnPairsSection, EnsembleSection, PseudoLabelSection
from benchbench.recipe.section import Section
from benchbench.recipe.transforms import StepSection

OnEmptyResponse = Literal["drop", "keep_constant", "error"]


def _token_budget(value: Any) -> Any:
    """One fault instead of one per kind of value."""
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise ValueError(f"expected a whole number greater than 0, or auto, got {value!r}")


TokenBudget = Annotated[
    int | Literal["auto"], PlainValidator(_token_budget, json_schema_input_type=int | Literal["auto"])
]
"""Tokens of a microbatch, or what suits the device."""


class MaskedSpanSection(Section):
    """Text of responses that is not scored: all from one marker through another, both included."""

    start: Annotated[str, Field(min_length=1)] | None
    """Text with which a span begins, such as `<think>`; none begins one span where the response does."""
    end: Annotated[str, Field(min_length=1)]
    """Text with which it ends; a response without it is masked to its end, and counted."""


class LoopSection(Section):
    """What reaches the numbers of one optimizer run, whatever it trains."""

    learning_rate: float = Field(gt=0)
    """Peak learning rate, per optimizer step."""
    lr_scheduler_type: Literal["linear", "cosine", "constant"]
    """After warm-up: linear to zero, half a cosine to zero, or constant."""
    warmup_steps: int = Field(default=0, ge=0)
    """Optimizer steps of linear warm-up from zero."""
    warmup_ratio: float | None = Field(default=None, ge=0, lt=1)
    """Warm-up as a fraction of all steps, rounded up; excludes `warmup_steps`."""
    num_train_epochs: float = Field(default=1.0, gt=0)
    """Passes over the split."""
    max_steps: int | None = Field(default=None, gt=0)
    """Optimizer steps; if given, it replaces `num_train_epochs`."""
    global_batch_size: int = Field(gt=0)
    """Examples per optimizer step, over all devices and microbatches; part of the result."""
    optim: Literal["adamw_torch"] = "adamw_torch"
    """Optimizer, as transformers names it."""
    adam_beta1: float = Field(default=0.9, ge=0, lt=1)
    """Decay of AdamW's running mean of gradients."""
    adam_beta2: float = Field(default=0.999, ge=0, lt=1)
    """Decay of AdamW's running mean of squared gradients."""
    adam_epsilon: float = Field(default=1e-8, gt=0)
    """Added to the square root of that mean before AdamW divides by it."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled weight decay; not applied to biases and normalisation weights, as in transformers."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradient clipping by global norm."""
    gradient_divisor: Annotated[float, Field(gt=0), Since("2026-11-21", before=1.0)] = 1.0
    """Divisor of gradients before they are clipped; 1 except to reproduce a stack that divides once too often."""
    bf16: bool = False
    """bfloat16 autocast of the forward pass."""
    disable_dropout: bool = True
    """Set every dropout probability of the model and its adapters to zero."""
    data_order: Literal["shuffled", "hf_seedable", "sequential"] = "shuffled"
    """`shuffled`: from the seed's own stream; `hf_seedable`: torch.randperm seeded with seed + epoch, as the
    Hugging Face sampler draws it; `sequential`: as stored."""
    length_window: int = Field(default=1, gt=0)
    """Number of successive batches whose examples are sorted by length before they are split again; 1 sorts nothing."""

    @model_validator(mode="after")
    def _one_warmup(self) -> Self:
        if self.warmup_steps and self.warmup_ratio is not None:
            raise ValueError("expected at most one of warmup_steps and warmup_ratio")
        return self


class LoopRunSection(Section):
    """Settings of one optimizer run that are part of its identity only where they move numbers (`recipe.memory`)."""

    per_device_train_batch_size: Annotated[int, Field(gt=0), RUN] = 16
    """Examples per forward pass; a memory setting, but part of the result with dropout on or anything in bfloat16
    (`bf16`, `model.dtype`, `head_dtype`), where it moves numbers."""
    tokens_per_microbatch: Annotated[TokenBudget, RUN] = "auto"
    """Tokens per forward pass at most, as they go through the model: without padding, and what the candidates of
    an example share once, where the model takes packed rows. Examples are taken in order until one more would be too
    many, `per_device_train_batch_size` at most. `auto` is what suits the device. Part of the result where that is."""
    gradient_checkpointing: Annotated[bool, RUN] = False
    """Recompute activations in the backward pass; a memory setting, never part of the result."""
    torch_compile: Annotated[bool, RUN] = False
    """Compile each decoder layer (`torch.compile`): a minute at the start, less time in each step on a card. It moves
    numbers by their rounding, so it is part of the result where `per_device_train_batch_size` is."""
    logging_steps: Annotated[int, Field(gt=0), RUN] = 10
    """Optimizer steps between lines of train.jsonl."""
    save_steps: Annotated[int, Field(gt=0), RUN] = 200
    """Optimizer steps between resumable checkpoints."""


RUN_KEYS = (*LoopRunSection.model_fields, "per_device_eval_batch_size")
"""Names of the settings of a run, wherever they stand in a recipe."""


class TrainingSection(LoopSection, LoopRunSection):
    """What one optimizer run is made of."""

    split: Annotated[str, Field(min_length=1)]
    """Split of the data that this stage trains on."""
    max_length: int | None = Field(default=None, gt=1)
    """Replaces `tokenization.max_length` in this stage."""
    truncation: Literal["right", "left", "drop", "error"] | None = None
    """Replaces `tokenization.truncation` in this stage."""


class SftSection(TrainingSection):
    """Supervised fine-tuning on the first candidate, the preferred one, of each example that is not labelled false."""

    own_per_method: bool = False
    """Train an SFT policy for each method instead of one per seed for all; they differ only by training noise."""
    on_empty_response: Annotated[OnEmptyResponse, Since("2026-11-21", before="drop")] = "drop"
    """Examples without a response token after truncation: drop and count, keep (they fill a place in their batch), or
    stop."""


class RewardHeadSection(Section):
    """What the reward head reads of the backbone, whatever the objective."""

    pooling: Literal["last_token", "mean"]
    """Hidden state the head reads: of the last token, or the mean over response tokens."""
    center_rewards_coefficient: float = Field(default=0.0, ge=0)
    """Weight of (r_chosen + r_rejected)^2, which keeps rewards near zero; refused for an objective whose rewards have
    a level of their own."""
    head_dtype: Literal["float32", "bfloat16"] = "float32"
    """Precision of the head's weights."""
    init_from: Literal["sft", "base"] = "sft"
    """Backbone that training starts from."""


class RewardObjectiveSection(Section):
    """What the reward model minimises, and with it what its head is."""

    name: Annotated[str, Field(min_length=1)] = "bradley_terry"
    """Name of an objective, a file of `benchbench/reward_objectives/`."""
    hyper: dict[str, Any] = Field(default_factory=dict)
    """Hyper-parameters of the objective."""


class RewardModelSection(TrainingSection, RewardHeadSection):
    """A reward head on the backbone, trained with an objective on pairs, or on more candidates where it takes them."""

    objective: Annotated[RewardObjectiveSection, Since("2026-11-28", before={"name": "bradley_terry", "hyper": {}})] = (
        RewardObjectiveSection()
    )
    """What is minimised."""
    ensemble: Annotated[EnsembleSection | None, Since("2026-11-28", before=None)] = None
    """Reward models that rate the training pairs first, or that are the reward model together; none trains one."""
    pseudo_labels: Annotated[PseudoLabelSection | None, Since("2026-11-28", before=None)] = None
    """Rounds of training on pairs that the reward model labels; none trains on the labelled pairs once."""
    drawn: Annotated[DrawnPairsSection | None, Since("2026-11-30", before=None)] = None
    """A second training, on the labelled pairs and on pairs of drawn responses that the first reward model orders; none
    trains on the labelled pairs once."""

    score_truncation: Literal["right", "left", "error"] | None = None
    """Truncation when the model scores the texts of a split; as in training if not given, required if training drops
    over-long texts. What an oracle has it reward is drawn and never cut."""
    score_append_eos: bool | None = None
    """End texts with EOS when the model scores them; as in training if not given, and no other way where an oracle has
    it reward what was drawn."""

    @model_validator(mode="after")
    def _one_preparation(self) -> Self:
        parts = [name for name in ("ensemble", "pseudo_labels", "drawn") if getattr(self, name) is not None]
        if len(parts) > 1:
            raise ValueError(f"expected at most one of ensemble, pseudo_labels and drawn, got {' and '.join(parts)}")
        return self


class RewardSource(Section):
    """Where a method that declares a reward takes it from."""

    source: Literal["stage", "column"]
    """`stage`: the recipe's reward-model stage; `column`: a column of the data."""
    column: Annotated[str, Field(min_length=1)] | None = None
    """Name of the column; required for `column`."""

    @model_validator(mode="after")
    def _names_column(self) -> Self:
        if (self.source == "column") != (self.column is not None):
            raise ValueError("expected `column` with source: column, and only then")
        return self


ModelColumns = dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], ModelColumnSection]


class PreferenceSection(TrainingSection):
    """Preference training, which starts from the SFT policy, or from the policy of another recipe."""

    init_from: Annotated[Annotated[str, Field(min_length=1)] | None, Since("2026-11-30", before=None)] = None
    """Recipe whose finished policy of the same seed training starts from: a method as a comparison names it, such as
    `dpo` or `ipo@VARIANT`, or a file; none starts from the SFT policy. Of the data, the transforms of splits that
    nothing but preference training reads may differ. Its training counts as this recipe's, too."""
    reward: RewardSource = RewardSource(source="stage")
    """Read only by methods that declare a reward."""
    reference: Reference = "sft"
    """The frozen reference model; read only by methods that declare a reference. `previous` is, where the
    recipe has rounds, the policy that each of them starts from: that of the round before, which draws the round's
    responses, also where `rounds.start` has training begin at the SFT policy. `start` is the policy of `init_from`,
    in every round; with `init_from` it is the default. `{round: N}` is the policy that round N left, for the rounds
    after it, and before them as `previous`."""
    anchors: Annotated[dict[str, AnchorSource], Since("2026-11-28", before={})] = Field(default_factory=dict)
    """Name -> a further frozen policy, whose log-probabilities of the training pairs the method reads."""
    on_empty_response: OnEmptyResponse = "drop"
    """Examples with a candidate that has no response token after truncation: drop and count, keep with the constant
    loss of a response of probability one, or stop."""
    masked_spans: Annotated[tuple[MaskedSpanSection, ...] | None, Since("2026-11-28", before=None)] = None
    """Replaces `tokenization.masked_spans` in this stage and its reference."""
    model_columns: Annotated[ModelColumns, Since("2026-11-28", before={})] = Field(default_factory=dict)
    """Name -> a column that a model makes of the training examples, before `transforms` and the method read it."""
    transforms: Annotated[tuple[StepSection, ...], Since("2026-11-28", before=[])] = ()
    """Applied to the training examples after their `model_columns` were made, in this order; what needs no model stands
    in `data.transforms`."""

    @model_validator(mode="after")
    def _has_columns(self) -> Self:
        if self.transforms and not self.model_columns:
            raise ValueError("transforms: expected model_columns that they read; move them to data.transforms")
        if len(self.model_columns) > MOST_COLUMNS:
            raise ValueError(f"model_columns: expected at most {MOST_COLUMNS}, got {len(self.model_columns)}")
        return self
