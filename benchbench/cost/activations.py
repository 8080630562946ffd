"""What a layer keeps of each token for its backward pass, in bytes.

Counted from the tensors that autograd saved in the layers of transformers under this package's attention
(`models.attention`), each storage once; `tests/cost/test_activations.py` counts them again. On a processor attention is
computed in float32 whatever the precision; that of a card follows from the same code and was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchbench.cost.shapes import Linear, ModelShape

Numerics = Literal["float32", "autocast", "bfloat16"]
"""Weights and all in float32; float32 weights under bfloat16 autocast; weights in bfloat16."""
STATISTICS = 8
"""Bytes per norm and token: mean and scale."""
DENSE_TOKENS = 192
"""Tokens of a row up to which a processor keeps the shares of attention (`models.dense_attention`)."""


@dataclass(frozen=True)
class Precision:
    """In which numbers a stage computes, and where."""

    numerics: Numerics
    device_kind: str
    """`cpu` or `cuda`."""

    @property
    def weight_bytes(self) -> int:
        """Of one weight of the base model, and of its gradient and each moment where it is trained."""
        return 2 if self.numerics == "bfloat16" else 4

    @property
    def product_bytes(self) -> int:
        """Of one number that goes into or out of a product."""
        return 4 if self.numerics == "float32" else 2

    @property
    def stream_bytes(self) -> int:
        """Of one number of the residual stream."""
        return 2 if self.numerics == "bfloat16" else 4

    @property
    def has_casts(self) -> bool:
        """Whether weights are cast for their products."""
        return self.numerics == "autocast"

    @property
    def attends_in_float32(self) -> bool:
        """Whether attention is computed in float32 although products are not."""
        return self.device_kind == "cpu" and self.numerics != "float32"


def layer_bytes(shape: ModelShape, precision: Precision, row: float, adapted: tuple[Linear, ...] = ()) -> float:
    """Bytes per token that one layer keeps.

    Args:
        shape: of the model.
        precision: of the stage.
        row: tokens of a row, prompt and response.
        adapted: linear layers with adapters, which keep an input of their own where their precision is another one.
    """
    h, m = shape.width, shape.perceptron_width
    attention, outputs = _attention_bytes(shape, precision, row)
    if shape.family == "gpt_neox":  # x, which both norms read; their results; both sides of gelu
        return (
            precision.stream_bytes * h
            + precision.product_bytes * (2 * h + 2 * m)
            + attention
            + _inputs(precision, adapted)
            + outputs
            + 2 * STATISTICS
        )
    if shape.family == "gpt2":  # x at both norms; their results; what gelu, written out, keeps
        return (
            precision.stream_bytes * 2 * h
            + precision.product_bytes * (2 * h + 5 * m)
            + attention
            + _inputs(precision, adapted)
            + outputs
            + 2 * STATISTICS
        )
    norms = 2 * h * {"float32": 4 + 4, "autocast": 4 + 4, "bfloat16": 2 + 4}[precision.numerics]  # x, and it scaled
    return norms + precision.product_bytes * (2 * h + 4 * m) + attention + _inputs(precision, adapted) + outputs


def _attention_bytes(shape: ModelShape, precision: Precision, row: float) -> tuple[float, float]:
    """(what attention reads and gives, the cast of its result where there is one)."""
    q, k, size = shape.query_width, shape.key_width, precision.product_bytes
    shares = 4 * shape.heads * row if precision.device_kind == "cpu" and row <= DENSE_TOKENS else 0.0
    if precision.attends_in_float32:
        return 4 * (4 * q if shape.repeats_keys else 2 * q + 2 * k) + shares, size * q
    if shape.repeats_keys:  # keys and values once for each head on a processor; a card's kernels read them as they are
        return size * (4 * q if precision.device_kind == "cpu" else 2 * q + 2 * k) + shares, 0.0
    turned = 2 * q + k if shape.turns_positions else q  # turned queries and keys, and the result
    return size * (q + 2 * k + turned) + shares, 0.0


def _inputs(precision: Precision, adapted: tuple[Linear, ...]) -> float:
    """Inputs of adapters, which are in float32: another tensor than the base layer's input where that is not."""
    if precision.numerics == "float32":
        return 0.0
    return sum(linear.inputs for linear in adapted) * (4 if precision.numerics == "bfloat16" else 2)


def backward_bytes(shape: ModelShape, precision: Precision) -> float:
    """Bytes per token that the backward pass of one layer needs beside what it reads: gradients within the perceptron.

    What went into the last product is let go before the gradients of the function before it are made.
    """
    m, size = shape.perceptron_width, precision.product_bytes
    return size * m * (2 if shape.is_gated else 1)
