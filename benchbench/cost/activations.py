"""What a layer keeps of each token for its backward pass, in bytes.

Counted from the tensors that autograd saved in the layers of transformers under this package's attention
(`models.attention`), each storage once; `tests/cost/test_activations.py` counts them again. On a processor attention is
computed in float32 whatever the precision; that of a card follows from the same code and was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchbench.cost.shapes import DecoderShape, Linear

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
    def compiles(self) -> bool:
        """Whether products have kernels that are compiled for their shapes, and kept."""
        return self.device_kind == "cpu" and self.numerics != "float32"

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


def layer_bytes(
    shape: DecoderShape, precision: Precision, row: float, adapted: tuple[Linear, ...] | None = None
) -> float:
    """Bytes per token that one layer keeps.

    Args:
        shape: of the model.
        precision: of the stage.
        row: tokens of a row, prompt and response.
        adapted: linear layers with adapters, where these alone are trained; none trains all weights.
    """
    h, m, size = shape.width, shape.mlp_width, precision.product_bytes
    beside = _attention_bytes(shape, precision, row) + _input_bytes(shape, precision, adapted)
    if not shape.is_gated:  # x, which both norms read, with their statistics; what gelu reads
        return precision.stream_bytes * h + 2 * STATISTICS + size * m + beside
    scaled = 0 if adapted is not None else 2 if precision.numerics == "bfloat16" else 4
    norms = 2 * h * (4 + scaled) + STATISTICS  # x in float32, and what a weight that is trained multiplies
    return norms + size * 3 * m + beside  # gate, its silu, up


def _attention_bytes(shape: DecoderShape, precision: Precision, row: float) -> float:
    """What attention reads and gives."""
    q, k, size = shape.query_width, shape.key_width, precision.product_bytes
    shares = 4 * shape.heads * row if precision.device_kind == "cpu" and row <= DENSE_TOKENS else 0.0
    if shape.is_gated:  # a processor has keys and values once for each head; a card's kernels read them as they are
        size = 4 if precision.attends_in_float32 else size
        return size * (4 * q if precision.device_kind == "cpu" else 2 * q + 2 * k) + shares
    if precision.attends_in_float32:
        return 4 * (2 * q + 2 * k) + shares
    return size * (3 * q + 3 * k) + shares  # all three as one product, of which values are a part; two turned; result


def _input_bytes(shape: DecoderShape, precision: Precision, adapted: tuple[Linear, ...] | None) -> float:
    """Inputs of linear layers whose weights, or adapters, are trained; a frozen weight needs none.

    The result of attention counts there, but where it is cast. Under autocast every layer casts its input for itself;
    adapters of a model in bfloat16 cast theirs to float32.
    """
    trained = shape.linears if adapted is None else adapted
    if adapted is not None and precision.numerics == "bfloat16":
        return 4 * sum(linear.inputs for linear in trained)
    casts_each = precision.numerics == "autocast"
    total, seen = 0, set[str]()
    for linear in trained:
        is_cast = linear.reads != "attention" or precision.attends_in_float32
        if is_cast and (linear.reads not in seen or (casts_each and linear.reads != "mlp")):
            total += linear.inputs
        seen.add(linear.reads)
    return precision.product_bytes * total


def backward_bytes(shape: DecoderShape, precision: Precision, adapted: tuple[Linear, ...] | None = None) -> float:
    """Bytes per token that the backward pass of one layer needs beside what it reads: gradients within the MLP.

    What went into the last product is let go before the gradients of the function before it are made. Beside the
    widest adapter the gradient has two parts, of the layer and of its adapter, before they are added; the adapter's is
    in float32.

    Args:
        shape: of the model.
        precision: of the stage.
        adapted: linear layers with adapters, where these alone are trained.
    """
    m, size = shape.mlp_width, precision.product_bytes
    plain = size * m * (2 if shape.is_gated else 1)
    widest = max((max(linear.inputs, linear.outputs) for linear in adapted or ()), default=0)
    return plain + widest * (8 if precision.numerics == "float32" else 10)
