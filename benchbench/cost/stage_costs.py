"""What one stage of a plan takes, from its settings: memory on a device, operations, tokens that are drawn, calls.

Unknown is not zero: what the formulas do not know of a stage is listed in `StageCost.unknown`, and sums say so.
"""

from __future__ import annotations

import math
from dataclasses import replace

from benchbench import methods, reward_objectives
from benchbench.core.method import Method
from benchbench.core.records import StageSpec
from benchbench.cost.activations import Numerics, Precision
from benchbench.cost.context import NO_EXAMPLES, CostContext, StageCost
from benchbench.cost.draws import training_draws
from benchbench.cost.judging import asks_for_pay, drawing_count, judging_cost
from benchbench.cost.memory import (
    TrainingShape,
    generation_memory,
    kernel_bytes,
    scoring_memory,
    training_memory,
)
from benchbench.cost.passes import RowTokens, decode_bytes, forward_flops, training_flops, work_of
from benchbench.cost.rates import WorkKind
from benchbench.cost.shapes import DecoderShape, UnknownShape
from benchbench.cost.turns import turns_of
from benchbench.generation.engine_settings import EngineSettings
from benchbench.recipe.memory import DEVICE_TOKENS
from benchbench.run.spreading import READ_WHOLE
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.judge.settings import JudgeSettings
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.reward.settings import RewardSettings
from benchbench.stages.reward_model.settings import RewardModelSettings
from benchbench.stages.rollout.settings import RolloutSettings
from benchbench.stages.settings import ReadingSettings, ScoringSettings, TrainingSettings

HOLDS_FROZEN = ("activations", "distribution", "live_reference", "mismatched")
"""Inputs that keep a frozen model in memory while a policy is trained, and put every example through it."""
TRAINS_SECOND = "rival"
"""The input whose model is trained beside the policy."""


def stage_cost(spec: StageSpec, context: CostContext) -> StageCost:
    """What a stage takes, as far as the formulas know it."""
    settings = spec.settings
    bare = StageCost(spec.key, spec.kind, spec.title, {}, call_price=None if asks_for_pay(spec) else 0.0)
    if isinstance(settings, JudgeSettings):
        return judging_cost(bare, spec, context)
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
    method = _method(spec)
    online, hyper = (settings.online, settings.method.hyper) if isinstance(settings, PreferenceSettings) else (None, {})
    draws = None if online is None or method is None else training_draws(online, method)
    if draws is not None:
        rows = draws.rows(rows, settings.tokenization)
        bare = replace(bare, origin=rows.origin)
    passes, held = (1, 0) if draws is None else (draws.passes, draws.frozen_models)
    examples = math.inf if rows.examples is None else rows.examples
    seen = loop.max_steps * loop.global_batch_size if loop.max_steps else loop.num_train_epochs * examples * passes
    step = min(loop.global_batch_size, examples)
    tokens = microbatch_tokens(
        rows,
        budget=run.tokens_per_microbatch,
        most=run.per_device_train_batch_size,
        step=int(step),
        device_kind=context.device_kind,
    )
    needs = () if method is None else tuple(need.name for need in method.declared)
    frozen = sum(name in HOLDS_FROZEN for name in needs)
    second = TRAINS_SECOND in needs
    has_head = spec.kind != "reward_model"
    climbs = isinstance(settings, RewardModelSettings) and reward_objectives.get(settings.objective.name).ascent
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
        frozen_models=frozen + held,
        trained_models=2 if second else 1,
        has_head=has_head,
        half_steps=method is not None and method.half_steps,
        climbs=bool(climbs),
        is_whole=draws is not None or run.torch_compile or bool(set(READ_WHOLE) & set(needs)),
    )
    work = work_of(rows, seen)
    adapters = train.trained_weights if settings.lora is not None else 0
    flops = training_flops(shape, work, adapters=adapters, checkpointed=train.checkpointed, head=has_head)
    flops *= train.trained_models
    forward = forward_flops(shape, work, head=has_head)
    coupled = method is not None and train.several and method.sees_the_step(method.hyper(**hyper))
    flops += (frozen + held / passes + coupled) * forward
    notes = [f"{tokens:,} tokens at once, {train.precision.numerics}"]
    notes += [] if math.isinf(seen) else [f"{math.ceil(seen / max(step, 1)):,} steps"]
    notes += [f"{frozen + held} frozen model(s) in memory beside the policy"] if frozen + held else []
    notes += ["the loss sees the whole step: one forward pass more"] if coupled else []
    cost = replace(
        bare,
        numerics=train.precision.numerics,
        train=train,
        memory=lambda world: training_memory(train, world),
        notes=tuple(notes),
        unknown=("the pass over draws that every step climbs on",) if climbs else (),
    )
    if train.precision.compiles:
        pieces = math.ceil(max(step / run.per_device_train_batch_size, step * rows.packed / tokens))
        # adapters add products of their own, so that as many kernels as are kept are counted
        microbatches = math.inf if train.adapter_rank else seen / step * pieces
        cost = _with_kernels(cost, kernel_bytes(shape, microbatches, trains=True))
    if math.isinf(seen):
        return replace(cost, unknown=(NO_EXAMPLES,))
    kind: WorkKind = "training" if settings.lora is None else "adapters"
    cost = replace(cost, work={kind: flops})
    return cost if draws is None else draws.added(cost, shape, seen=seen, size=train.precision.weight_bytes)


def _with_kernels(cost: StageCost, kernels: float) -> StageCost:
    """The cost with the bytes of kernels that a processor compiles beside the tensors, which its memory has not."""
    note = f"up to {kernels / 2**20:,.0f} MiB more for kernels of products in bfloat16"
    return replace(cost, kernels=kernels, notes=(*cost.notes, note))


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
        memory=lambda _: scoring_memory(shape, precision, tokens=tokens, scored=scored),
    )
    if rows.examples is None:
        return replace(cost, unknown=(NO_EXAMPLES,))
    if precision.compiles:
        batches = math.ceil(rows.examples / min(most, max(tokens / rows.packed, 1)))
        cost = _with_kernels(cost, kernel_bytes(shape, batches, trains=False))
    flops = forward_flops(shape, work_of(rows, rows.examples), head=has_head) * (1 if masks is None else masks.passes)
    return replace(cost, work={"scoring": flops})


def _drawing(
    bare: StageCost, settings: GenerateSettings | RolloutSettings, shape: DecoderShape, rows: RowTokens
) -> StageCost:
    """Responses of an engine: prompts once through the model, then the weights once for each token of all sequences."""
    drawing = settings.generate if isinstance(settings, GenerateSettings) else settings.draw
    turns = turns_of(settings)
    if drawing is None or turns is None:
        return replace(bare, notes=("draws nothing",))
    samples, prompts = drawing_count(settings, rows.examples)
    if prompts is None:
        return replace(bare, unknown=(NO_EXAMPLES,))
    size = 2 if drawing.dtype == "bfloat16" else 4
    responses = samples * prompts
    tokens, sequences = responses * turns.drawn, min(drawing.max_num_seqs, max(1, responses))
    longest = int(rows.prompt) + turns.response_tokens
    read = decode_bytes(shape, sequences=sequences, length=turns.length(rows.prompt), bytes_per_weight=size)
    prefill = forward_flops(shape, turns.prefill(rows.prompt, responses))
    each = f"{drawing.max_new_tokens} tokens" + (f" in each of {turns.count} turns" if turns.count > 1 else "")
    is_vllm = drawing.engine != "transformers"
    kind: WorkKind = "generation" if is_vllm else "transformers generation"
    unknown = ("how many prefixes the search draws from",) if getattr(settings, "steps", None) is not None else ()
    return replace(
        bare,
        work={kind: tokens / sequences * read, "scoring": prefill},
        numerics="bfloat16" if size == 2 else "float32",
        drawn_tokens=tokens,
        notes=(f"{responses:,} responses of at most {each}, {sequences} at once",),
        memory=lambda world: generation_memory(
            shape,
            bytes_per_weight=size,
            sequences=sequences,
            length=longest,
            devices=world if is_vllm else 1,
            cache_limit=EngineSettings.kv_cache_gib * 2**30 if is_vllm else math.inf,
        ),
        unknown=unknown,
    )
