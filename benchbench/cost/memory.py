"""Memory of a stage on one device: what stays, what a step adds, and when the most of it is there.

A step has its most memory at one of three moments, which is why parts are not simply added:

- at the end of the forward pass: everything that layers keep, and the logits of the head;
- at the beginning of the backward pass, in the last layer;
- at its end, in the first layer, when all gradients are there. With checkpointing, that is mostly the largest: layers
  keep little then, and what is left is one layer, with its gradients, beside those of all weights.

These are bytes of tensors, which is what a card's allocator counts as allocated. On a processor the C library keeps
much of what is freed: see docs/scale.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from benchbench.cost.activations import Precision, backward_bytes, layer_bytes
from benchbench.cost.passes import cache_bytes
from benchbench.cost.shapes import DecoderShape, Linear
from benchbench.recipe.memory import HEAD_LOGITS

MOMENTS = 2
"""Running means that AdamW keeps of each trained weight."""
CAST_BYTES = 2
"""Of a weight in bfloat16 beside itself: autocast keeps them to the end of a pass, and without gradients, too."""
SCORING_STREAMS = 4
"""Tensors as wide as the residual stream while a layer works: it, its norm, attention's result, a sum."""
HELD = 1.7
"""How many times its tensors a process held at most on a processor (docs/scale.md): what is freed is kept."""
PROCESS_BYTES = 2**30
"""Of a worker before it has any tensor: torch, transformers and what they import; half of it was measured."""
KERNEL_BYTES = 0.554 * 2**20
"""Of a processor's library for products: in bfloat16 it compiles a kernel for each shape (docs/scale.md)."""
KERNELS = 1024
"""Of them, the latest that are kept."""
GATHERED_LAYERS = 2
"""Layers whose weights are whole on a device at once where a model is sharded: one that is used, one on its way."""


@dataclass(frozen=True)
class TrainingShape:
    """What decides about the memory of a stage that trains."""

    shape: DecoderShape
    precision: Precision
    tokens: int
    """Packed tokens of the largest microbatch."""
    scored: int
    """Of them, those with logits."""
    row: float
    """Tokens of a row."""
    several: bool
    """A step has several microbatches, so that gradients are there from the second on."""
    checkpointed: bool = False
    adapter_rank: int = 0
    """0 trains all weights."""
    targets: str | tuple[str, ...] = "all-linear"
    """Layers with adapters."""
    frozen_models: int = 0
    """Further models of the same shape in memory."""
    trained_models: int = 1
    """Models that are trained at once."""
    has_head: bool = True
    """Whether logits are computed; a reward model has one number per response instead."""
    half_steps: bool = False
    """Weights and moments of where a pair of steps began are kept."""
    climbs: bool = False
    """Weights are kept while a gradient is taken elsewhere."""
    is_whole: bool = False
    """Something of the stage reads a whole model, so that `--shard-layers` refuses it."""

    @property
    def can_shard(self) -> bool:
        """Whether `--shard-layers` takes it: adapters in float32 on a base in bfloat16 have two precisions a layer."""
        mixed = self.adapter_rank > 0 and self.precision.numerics == "bfloat16"
        return not (self.is_whole or mixed or self.trained_models > 1)

    @property
    def trained_weights(self) -> int:
        """Weights with gradient and moments."""
        if self.adapter_rank:
            return self.shape.adapter_weights(self.adapter_rank, self.targets) * self.trained_models
        return self.base_weights * self.trained_models

    @property
    def base_weights(self) -> int:
        """Weights of the model as it is used: without the output embedding where there are no logits."""
        without = 0 if self.has_head or self.shape.tied else self.shape.head_weights
        return self.shape.weights - without


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes on one device when the most of them are there, by what they are for."""

    parts: Mapping[str, float]
    """Name -> bytes at that moment."""
    moment: str
    """When that is."""

    @property
    def bytes(self) -> float:
        """All of them."""
        return sum(self.parts.values())

    @property
    def gib(self) -> float:
        """The same in GiB."""
        return self.bytes / 2**30


def training_memory(train: TrainingShape, world: int = 1) -> MemoryNeed:
    """The most memory of a stage that trains.

    Args:
        train: the stage.
        world: devices that share the layers of what is trained, as `--shard-layers` does; embeddings, heads and frozen
            models are whole on each. What cannot be shared is whole there, too.
    """
    world = world if train.can_shard else 1
    size = 4 if train.adapter_rank else train.precision.weight_bytes
    stays = {
        "weights": _weights(train, world),
        "optimizer": MOMENTS * size * _trained(train, world),
    }
    if train.half_steps:
        stays["beginning of half steps"] = (1 + MOMENTS) * size * _trained(train, world)
    if train.climbs:
        stays["weights before the ascent"] = size * _trained(train, world)
    gradients = size * _trained(train, world)
    gathered = _gathered(train) if world > 1 else 0.0
    if gathered:
        stays["gathered layers"] = gathered
    several = gradients if train.several else 0.0
    layer = train.tokens * layer_bytes(train.shape, train.precision, train.row, _adapted(train))
    stored = train.tokens * train.shape.width * train.precision.stream_bytes if train.checkpointed else layer
    layers, working = train.shape.layers, train.tokens * backward_bytes(train.shape, train.precision, _adapted(train))
    casts = 0.0 if train.checkpointed and train.adapter_rank else _casts(train)
    last = max(0, layers - 1) * stored + layer + working  # one layer is made again where it is checkpointed
    largest = max(linear.inputs * linear.outputs for linear in train.shape.linears) * size
    beside = 0.0 if train.adapter_rank or not train.several else largest / world  # before it is added to the others
    moments = {
        "the end of the forward pass": {
            "gradients": several,
            "activations": layers * stored,
            "logits": _logits(train),
            "casts of weights": casts,
        },
        "the beginning of the backward pass": {
            "gradients": max(several, 0.0 if train.adapter_rank else size * _head(train)) + beside,
            "activations": last,
            "casts of weights": casts / layers if train.checkpointed else casts,
        },
        "the end of the backward pass": {
            "gradients": gradients + beside,
            "activations": layer + working,
            "casts of weights": casts / layers,
        },
    }
    moment, parts = max(moments.items(), key=lambda item: sum(item[1].values()))
    return MemoryNeed({name: part for name, part in {**stays, **parts}.items() if part}, moment)


def scoring_memory(shape: DecoderShape, precision: Precision, *, tokens: int, scored: int) -> MemoryNeed:
    """The most memory of a stage without gradients: the weights, one layer at work, and the logits of a chunk."""
    work = tokens * (SCORING_STREAMS * shape.width * precision.stream_bytes + _widest_bytes(shape, precision))
    logits = min(scored * shape.vocabulary, HEAD_LOGITS[precision.device_kind]) * _logit_bytes(precision)
    parts: dict[str, float] = {"weights": shape.weights * precision.weight_bytes}
    if precision.has_casts:
        matrices = shape.layers * shape.layer_matrices + (shape.head_weights if scored else 0)
        parts["casts of weights"] = CAST_BYTES * matrices
    return MemoryNeed(parts | ({"activations": work} if work > logits else {"logits": logits}), "a layer or the head")


def generation_memory(
    shape: DecoderShape,
    *,
    bytes_per_weight: int,
    sequences: int,
    length: int,
    devices: int = 1,
    cache_limit: float = math.inf,
) -> MemoryNeed:
    """Weights, and keys and values of as many responses as are drawn at once, each at its longest.

    Args:
        shape: of the model.
        bytes_per_weight: also of a key's or a value's number.
        sequences: responses at once, at most.
        length: of each with its prompt, at most.
        devices: that one engine is spread over, each with its part of all heads; the model is whole on each where its
            heads, of queries or of keys, cannot be divided among so many.
        cache_limit: bytes that an engine takes for keys and values at most, unless two responses need more.
    """
    response = length * cache_bytes(shape, bytes_per_weight)
    cache = max(min(sequences * response, cache_limit), min(sequences, 2) * response)
    key_heads = shape.key_width * shape.heads // shape.query_width
    share = 1 if shape.heads % devices or key_heads % devices else devices
    parts = {"weights": shape.weights * bytes_per_weight / share, "cache": cache / share}
    return MemoryNeed(parts, "all responses at their longest")


def kernel_bytes(shape: DecoderShape, microbatches: float, *, trains: bool) -> float:
    """Kernels that a processor's library compiles for products in bfloat16, and keeps.

    Layers are alike, and so are their products, but most microbatches have a number of tokens of their own, and with it
    shapes of their own: one for each size of a linear layer and the head, and two more where gradients are taken, of
    what is read and of the weights.

    Args:
        shape: of the model, all of whose weights are trained where any are.
        microbatches: of the stage.
        trains: whether gradients are taken.
    """
    sizes = {(linear.inputs, linear.outputs) for linear in shape.linears} | {(shape.width, shape.vocabulary)}
    return KERNEL_BYTES * min(KERNELS, microbatches * len(sizes) * (3 if trains else 1))


def host_bytes(need: MemoryNeed, device_kind: str, kernels: float) -> int:
    """Memory of the host that a process needs: tensors and kernels on a processor; the weights on their way to a card.

    Args:
        need: on the device.
        device_kind: `cpu` or `cuda`.
        kernels: bytes of compiled kernels.
    """
    if device_kind != "cpu":
        return int(need.parts.get("weights", 0.0)) + PROCESS_BYTES
    return int(need.bytes * HELD) + PROCESS_BYTES + int(kernels)


def _kept(train: TrainingShape, world: int) -> float:
    """Weights of one trained model on a device: its part of the layers, and all of the rest."""
    layers = train.shape.layers * train.shape.layer_weights
    return train.base_weights - layers + layers / world


def _trained(train: TrainingShape, world: int) -> float:
    """Weights with gradient and moments on a device; all adapters are in layers."""
    return train.trained_weights / world if train.adapter_rank else _kept(train, world) * train.trained_models


def _weights(train: TrainingShape, world: int) -> float:
    """Bytes of the weights that are there: of the base, of adapters, of frozen models beside them."""
    trained = (1 if train.adapter_rank else train.trained_models) * _kept(train, world)
    adapters = 4 * _trained(train, world) if train.adapter_rank else 0
    return (trained + train.frozen_models * train.base_weights) * train.precision.weight_bytes + adapters


def _gathered(train: TrainingShape) -> float:
    """Whole layers of a sharded model, with gradients in float32 before they are summed over devices."""
    gradients = 0 if train.adapter_rank else 4
    return GATHERED_LAYERS * train.shape.layer_weights * (train.precision.weight_bytes + gradients)


def _casts(train: TrainingShape) -> float:
    """Copies of matrices in the precision of their products, which autocast keeps to the end of the pass."""
    if not train.precision.has_casts:
        return 0.0
    return float(CAST_BYTES) * (train.shape.layers * train.shape.layer_matrices + _head(train))


def _head(train: TrainingShape) -> int:
    return train.shape.head_weights if train.has_head else 0


def _logits(train: TrainingShape) -> float:
    """Logits and their logarithms; in chunks where there are more than `HEAD_LOGITS`."""
    if not train.has_head:
        return 0.0
    numbers = min(train.scored * train.shape.vocabulary, HEAD_LOGITS[train.precision.device_kind])
    return numbers * _logit_bytes(train.precision)


def _logit_bytes(precision: Precision) -> int:
    """Of one logit: as it comes, in float32 where it comes otherwise, and its logarithm."""
    return 8 if precision.numerics == "float32" else 2 + 4 + 4


def _adapted(train: TrainingShape) -> tuple[Linear, ...] | None:
    return train.shape.targeted(train.targets) if train.adapter_rank else None


def _widest_bytes(shape: DecoderShape, precision: Precision) -> float:
    """Bytes per token of the widest part of a layer: both sides of the MLP's function, or attention.

    Where a processor attends in float32, queries, keys and values are there in both precisions, and keys and values
    once for each head.
    """
    q, k, size = shape.query_width, shape.key_width, precision.product_bytes
    attention = size * (2 * q + 2 * k)
    if precision.attends_in_float32:
        attention = 4 * 3 * q + size * (2 * q + 3 * k if shape.is_gated else q + 2 * k)
    return max(size * shape.mlp_width * (3 if shape.is_gated else 2), attention)
