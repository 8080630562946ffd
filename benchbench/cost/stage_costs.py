"""What one stage of a plan takes, from its settings: memory on a device, operations, tokens that are drawn, calls.

Unknown is not zero: what the formulas do not know of a stage is listed in `StageCost.unknown`, and sums say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchbench import methods
from benchbench.core.method import Method
from benchbench.core.records import StageSpec
from benchbench.cost.activations import Numerics, Precision
from benchbench.cost.memory import (
    MemoryNeed,
    TrainingShape,
    generation_memory,
    scoring_memory,
    training_memory,
)
from benchbench.cost.passes import PassWork, RowTokens, decode_bytes, forward_flops, training_flops, work_of
from benchbench.cost.rates import WorkKind
from benchbench.cost.shapes import DecoderShape, UnknownShape
from benchbench.recipe.memory import DEVICE_TOKENS
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.judge.settings import JudgeSettings
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.reward.settings import RewardSettings
from benchbench.stages.rollout.settings import RolloutSettings
from benchbench.stages.settings import ReadingSettings, ScoringSettings, TrainingSettings

HOLDS_FROZEN = ("activations", "distribution", "live_reference", "mismatched")
"""Inputs that keep a frozen model in memory while a policy is trained, and put every example through it."""
TRAINS_SECOND = "rival"
"""The input whose model is trained beside the policy."""
ORDERS = 2
"""A judge that reads two texts is asked in both orders, at most."""
NO_EXAMPLES = "the data are not here, so how many examples there are is not known"
Rows = Callable[[StageSpec], RowTokens | str]
"""What a stage reads, or why that is not known."""
Shapes = Callable[[StageSpec], DecoderShape | UnknownShape]


@dataclass(frozen=True)
class StageCost:
    """What a stage takes."""

    key: str
    kind: str
    title: str
    work: Mapping[WorkKind, float]
    """Operations of training and scoring, bytes that drawing tokens reads; empty where it needs no model."""
    numerics: Numerics = "float32"
    """The numbers that the work is done in."""
    memory: Callable[[int], MemoryNeed] | None = None
    """Devices that it is sharded over -> memory on each; none where it needs no model, or is not known."""
    train: TrainingShape | None = None
    """What decides about the memory of a stage that trains."""
    drawn_tokens: float = 0.0
    """Tokens that are drawn, at most."""
    calls: float = 0.0
    """Questions to a judge, at most; equal texts are not asked about, and kept answers not again."""
    call_price: float | None = 0.0
    """What these cost at most, in the currency of the recipe's prices; none where that is not known."""
    origin: str = ""
    """Where its numbers of tokens are from."""
    notes: tuple[str, ...] = ()
    """What the numbers rest on, in words."""
    unknown: tuple[str, ...] = ()
    """What is not among the numbers; none where all is known."""


@dataclass(frozen=True)
class CostContext:
    """What stages of one plan are computed with."""

    device_kind: str
    """`cpu` or `cuda`."""
    shape: Shapes
    rows: Rows
    stages: Mapping[str, StageSpec]
    """Of the plan, by key."""


def stage_cost(spec: StageSpec, context: CostContext) -> StageCost:
    """What a stage takes, as far as the formulas know it."""
    settings = spec.settings
    bare = StageCost(spec.key, spec.kind, spec.title, {})
    if isinstance(settings, JudgeSettings):
        return _judging(bare, spec, context)
    if not isinstance(settings, ReadingSettings):
        return replace(bare, notes=("puts no text through a model",))
    shape, rows = context.shape(spec), context.rows(spec)
    if isinstance(shape, UnknownShape):
        return replace(bare, unknown=(shape.reason,))
    if isinstance(rows, str):
        return replace(bare, unknown=(rows,))
    bare = replace(bare, origin=rows.origin)
    if isinstance(settings, TrainingSettings):
        return _training(bare, spec, shape, rows, context)
    if isinstance(settings, GenerateSettings | RolloutSettings):
        return _drawing(bare, settings, shape, rows)
    if spec.kind in ("score", "reward"):
        return _scoring(bare, spec, shape, rows, context)
    return replace(bare, unknown=(f"what a {spec.kind} stage asks its oracle is not computed",))


def microbatch_tokens(rows: RowTokens, *, budget: int | str, most: int, step: int, device_kind: str) -> int:
    """Packed tokens of the largest microbatch: the budget, or fewer where a step has no more examples.

    Args:
        rows: what is read.
        budget: `tokens_per_microbatch` of the recipe.
        most: examples of a microbatch.
        step: examples of a step.
        device_kind: `cpu` or `cuda`, for a budget of `auto`.
    """
    tokens = DEVICE_TOKENS[device_kind] if isinstance(budget, str) else budget
    count = min(most, step)
    largest = count * rows.packed + 2 * rows.spread * math.sqrt(count)
    return int(max(rows.longest, min(tokens, largest)))


def _numerics(dtype: str, *, bf16: bool) -> Numerics:
    if dtype == "bfloat16":
        return "bfloat16"
    return "autocast" if bf16 else "float32"


def _training(
    bare: StageCost, spec: StageSpec, shape: DecoderShape, rows: RowTokens, context: CostContext
) -> StageCost:
    settings, loop, run = spec.settings, spec.settings.training, spec.run.training
    examples = math.inf if rows.examples is None else rows.examples
    seen = loop.max_steps * loop.global_batch_size if loop.max_steps else loop.num_train_epochs * examples
    step = min(loop.global_batch_size, examples)
    tokens = microbatch_tokens(
        rows,
        budget=run.tokens_per_microbatch,
        most=run.per_device_train_batch_size,
        step=int(step),
        device_kind=context.device_kind,
    )
    method = _method(spec)
    needs = () if method is None else tuple(need.name for need in method.declared)
    frozen = sum(name in HOLDS_FROZEN for name in needs)
    second = TRAINS_SECOND in needs
    has_head = spec.kind != "reward_model"
    train = TrainingShape(
        shape=shape,
        precision=Precision(_numerics(settings.model.dtype, bf16=loop.bf16), context.device_kind),
        tokens=tokens,
        scored=math.ceil(tokens * rows.scored / max(rows.packed, 1)),
        row=rows.row,
        several=step * rows.packed > tokens or step > run.per_device_train_batch_size,
        checkpointed=run.gradient_checkpointing,
        adapter_rank=0 if settings.lora is None else settings.lora.lora_r,
        targets="all-linear" if settings.lora is None else settings.lora.lora_target_modules,
        frozen_models=frozen,
        trained_models=2 if second else 1,
        has_head=has_head,
    )
    work = work_of(rows, seen)
    adapters = train.trained_weights if settings.lora is not None else 0
    flops = training_flops(shape, work, adapters=adapters, checkpointed=train.checkpointed, head=has_head)
    flops *= train.trained_models
    forward = forward_flops(shape, work, head=has_head)
    coupled = method is not None and train.several and method.is_coupled(method.hyper(**settings.method.hyper))
    flops += (frozen + coupled) * forward
    notes = [f"{tokens:,} tokens at once, {train.precision.numerics}"]
    notes += [] if math.isinf(seen) else [f"{math.ceil(seen / max(step, 1)):,} steps"]
    notes += [f"{frozen} frozen model(s) in memory beside the policy"] if frozen else []
    notes += ["the loss sees the whole step: one forward pass more"] if coupled else []
    cost = replace(
        bare,
        numerics=train.precision.numerics,
        train=train,
        memory=lambda world: training_memory(train, world),
        notes=tuple(notes),
    )
    if math.isinf(seen):
        return replace(cost, unknown=(NO_EXAMPLES,))
    kind: WorkKind = "training" if settings.lora is None else "adapters"
    cost = replace(cost, work={kind: flops})
    online = settings.online if isinstance(settings, PreferenceSettings) else None
    return cost if online is None else _with_draws(cost, online, shape, rows, seen)


def _with_draws(cost: StageCost, online: Any, shape: DecoderShape, rows: RowTokens, seen: float) -> StageCost:
    """A stage that draws responses while it trains; the engine is the model in memory."""
    drawn = seen / online.num_iterations * online.num_samples * online.max_new_tokens
    length = rows.prompt + online.max_new_tokens
    read = decode_bytes(shape, sequences=1, length=length, bytes_per_weight=4)
    notes = (*cost.notes, f"draws at most {drawn:,.0f} tokens; rows are as long as they may be")
    unknown = () if online.oracle is None else (f"what oracle {online.oracle.name} takes for labels",)
    sequences = max(1, online.num_samples)
    work: Mapping[WorkKind, float] = {**cost.work, "generation": drawn / sequences * read}
    return replace(cost, work=work, drawn_tokens=drawn, notes=notes, unknown=unknown)


def _method(spec: StageSpec) -> Method | None:
    """The method of a preference stage."""
    if not isinstance(spec.settings, PreferenceSettings):
        return None
    return methods.get(spec.settings.method.name, file=spec.run.method_file)


def _scoring(bare: StageCost, spec: StageSpec, shape: DecoderShape, rows: RowTokens, context: CostContext) -> StageCost:
    settings = spec.settings
    assert isinstance(settings, ScoringSettings)
    has_head = spec.kind == "score"
    dtype, bf16 = getattr(settings, "dtype", settings.model.dtype), getattr(settings, "bf16", False)
    precision = Precision(_numerics(dtype, bf16=bf16), context.device_kind)
    most = spec.run.per_device_eval_batch_size
    budget = spec.run.tokens_per_microbatch
    tokens = microbatch_tokens(rows, budget=budget, most=most, step=most, device_kind=context.device_kind)
    scored = math.ceil(tokens * rows.scored / max(rows.packed, 1)) if has_head else 0
    masks = settings.dropout if isinstance(settings, RewardSettings) else None
    cost = replace(
        bare,
        numerics=precision.numerics,
        memory=lambda world: scoring_memory(shape, precision, tokens=tokens, scored=scored, world=world),
    )
    if rows.examples is None:
        return replace(cost, unknown=(NO_EXAMPLES,))
    flops = forward_flops(shape, work_of(rows, rows.examples), head=has_head) * (1 if masks is None else masks.passes)
    return replace(cost, work={"scoring": flops})


def _drawing(
    bare: StageCost, settings: GenerateSettings | RolloutSettings, shape: DecoderShape, rows: RowTokens
) -> StageCost:
    """Responses of an engine: prompts once through the model, then the weights once for each token of all sequences."""
    drawing = settings.generate if isinstance(settings, GenerateSettings) else settings.draw
    if drawing is None:
        return replace(bare, notes=("draws nothing",))
    samples, prompts = drawing_count(settings, rows.examples)
    if prompts is None:
        return replace(bare, unknown=(NO_EXAMPLES,))
    size = 2 if drawing.dtype == "bfloat16" else 4
    responses = samples * prompts
    tokens, sequences = responses * drawing.max_new_tokens, min(drawing.max_num_seqs, max(1, responses))
    longest = int(rows.prompt) + drawing.max_new_tokens
    read = decode_bytes(
        shape, sequences=sequences, length=rows.prompt + drawing.max_new_tokens / 2, bytes_per_weight=size
    )
    prefill = forward_flops(shape, PassWork(rows.prompt * responses, responses, rows.prompt / 2))
    unknown = ("how many prefixes the search draws from",) if getattr(settings, "steps", None) is not None else ()
    return replace(
        bare,
        work={"generation": tokens / sequences * read, "scoring": prefill},
        numerics="bfloat16" if size == 2 else "float32",
        drawn_tokens=tokens,
        notes=(f"{responses:,} responses of at most {drawing.max_new_tokens} tokens, {sequences} at once",),
        memory=lambda world: generation_memory(
            shape, bytes_per_weight=size, sequences=sequences, length=longest, world=world
        ),
        unknown=unknown,
    )


def drawing_count(settings: GenerateSettings | RolloutSettings, examples: int | None) -> tuple[int, int | None]:
    """(responses to each prompt, prompts at most) of a stage that draws; none where prompts are not known."""
    if isinstance(settings, GenerateSettings):
        limits = [count for count in (settings.generate.num_prompts, examples) if count is not None]
        return settings.generate.num_samples, min(limits) if limits else None
    return settings.sampler.num_samples, settings.prompts.count


def _judging(bare: StageCost, spec: StageSpec, context: CostContext) -> StageCost:
    """Questions to a judge: every response in both orders."""
    drawn = context.stages.get(spec.inputs["ours"])
    if drawn is None or not isinstance(drawn.settings, GenerateSettings):
        return replace(bare, unknown=("how many responses are judged",))
    rows = context.rows(drawn)
    if isinstance(rows, str):
        return replace(bare, unknown=(rows,))
    samples, prompts = drawing_count(drawn.settings, rows.examples)
    if prompts is None:
        return replace(bare, unknown=(NO_EXAMPLES,))
    calls = samples * prompts * ORDERS
    name = spec.settings.judge.get("name", "judge")
    notes = (f"judge {name}: at most {calls:,} questions; equal texts and kept answers are not asked again",)
    read = rows.prompt + 2 * drawn.settings.generate.max_new_tokens
    price = _price(spec.run.options, calls, read)
    return replace(
        bare,
        calls=calls,
        call_price=price,
        origin=rows.origin,
        notes=notes,
        unknown=(f"the time that judge {name} takes",),
    )


def _price(options: Mapping[str, Any], calls: float, read: float) -> float | None:
    """What questions cost at most, in tokens of the policy: the judge's template and its own tokens are not counted.

    A judge without prices asks nobody who is paid, as far as its options say; one with a field for prices that says
    none has a cost that is not known.
    """
    prices = [options.get(f"price_per_million_{what}_tokens") for what in ("prompt", "completion")]
    if "base_url" not in options:
        return 0.0
    if prices[0] is None or prices[1] is None:
        return None
    return calls * (prices[0] * read + prices[1] * options.get("max_tokens", 0)) / 1e6
