"""The shape of a model by its config.json alone: widths, weights, linear layers.

Only architectures whose layers were counted are known (`FAMILIES`); of any other nothing is computed, and the reason is
said. The counts are compared with models of transformers that are built without memory (`tests/cost/test_shapes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchbench.data.model_size import whole_number

Reads = Literal["first norm", "attention", "second norm", "mlp"]
"""What a linear layer's input is the result of."""
LLAMA = ("llama", "mistral", "qwen2", "qwen3")
FAMILIES = ("gpt_neox", *LLAMA)
"""Model types whose layers were counted."""


@dataclass(frozen=True)
class UnknownShape:
    """A model that the formulas do not know."""

    reason: str


@dataclass(frozen=True)
class Linear:
    """One kind of linear layer of a decoder layer."""

    name: str
    inputs: int
    outputs: int
    reads: Reads


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of a decoder-only transformer."""

    family: str
    """`model_type` of its configuration."""
    layers: int
    width: int
    """Of the residual stream."""
    heads: int
    query_width: int
    """Heads times their size."""
    key_width: int
    """Of keys, and of values: heads of keys times their size."""
    mlp_width: int
    vocabulary: int
    tied: bool
    """The output embedding is the input embedding."""
    linears: tuple[Linear, ...]
    """Of one layer."""
    other_weights: int
    """Weights of one layer outside of its matrices: norms and biases."""
    outer_weights: int
    """Weights outside of layers and embeddings: last norm, positions."""

    @property
    def layer_matrices(self) -> int:
        """Weights in the matrices of one layer."""
        return sum(linear.inputs * linear.outputs for linear in self.linears)

    @property
    def layer_weights(self) -> int:
        """All weights of one layer."""
        return self.layer_matrices + self.other_weights

    @property
    def head_weights(self) -> int:
        """Weights of one embedding."""
        return self.vocabulary * self.width

    @property
    def weights(self) -> int:
        """All weights."""
        embeddings = self.head_weights * (1 if self.tied else 2)
        return self.layers * self.layer_weights + embeddings + self.outer_weights

    @property
    def is_gated(self) -> bool:
        """Whether the MLP has a gate."""
        return self.family in LLAMA

    def adapter_weights(self, rank: int, targets: str | tuple[str, ...]) -> int:
        """Weights of adapters on all layers.

        Args:
            rank: of each.
            targets: names of linear layers, or `all-linear`.
        """
        return self.layers * sum(rank * (linear.inputs + linear.outputs) for linear in self.targeted(targets))

    def targeted(self, targets: str | tuple[str, ...]) -> tuple[Linear, ...]:
        """The linear layers of a decoder layer that get adapters."""
        if targets == "all-linear":
            return self.linears
        names = (targets,) if isinstance(targets, str) else targets
        return tuple(linear for linear in self.linears if linear.name in names)


def model_shape(config: Mapping[str, Any], *, vocabulary: int | None = None) -> DecoderShape | UnknownShape:
    """The shape that a configuration describes.

    Args:
        config: as in config.json, or under `model.from_config`.
        vocabulary: entries of the tokenizer, where the configuration leaves them to it.
    """
    family = config.get("model_type")
    if family not in FAMILIES:
        return UnknownShape(
            f"model_type {family}: the formulas know {', '.join(FAMILIES)}; nothing is computed for other architectures"
        )
    if config.get("num_local_experts") or config.get("num_experts"):
        return UnknownShape(f"model_type {family} with experts: the formulas know dense layers alone")
    sizes = {
        "layers": whole_number(config, ("num_hidden_layers",)),
        "width": whole_number(config, ("hidden_size",)),
        "heads": whole_number(config, ("num_attention_heads",)),
        "vocabulary": whole_number(config, ("vocab_size",)) or (vocabulary or 0),
        "mlp": whole_number(config, ("intermediate_size",)),
    }
    missing = [name for name, size in sizes.items() if not size]
    if missing:
        return UnknownShape(f"model_type {family}: its configuration does not say its {', '.join(missing)}")
    return _shape(family, config, sizes)


def _shape(family: str, config: Mapping[str, Any], sizes: Mapping[str, int]) -> DecoderShape:
    h, m, heads = sizes["width"], sizes["mlp"], sizes["heads"]
    size = whole_number(config, ("head_dim",)) or (128 if family == "qwen3" else h // heads)
    q = heads * size if family in LLAMA else h
    k = (whole_number(config, ("num_key_value_heads",)) or heads) * size if family in LLAMA else h
    if family == "gpt_neox":
        linears = (
            Linear("query_key_value", h, 3 * h, "first norm"),
            Linear("dense", h, h, "attention"),
            Linear("dense_h_to_4h", h, m, "second norm"),
            Linear("dense_4h_to_h", m, h, "mlp"),
        )
        biases = m + h + (4 * h if config.get("attention_bias", True) else 0)
        other, outer = biases + 4 * h, 2 * h
    else:
        linears = (
            Linear("q_proj", h, q, "first norm"),
            Linear("k_proj", h, k, "first norm"),
            Linear("v_proj", h, k, "first norm"),
            Linear("o_proj", q, h, "attention"),
            Linear("gate_proj", h, m, "second norm"),
            Linear("up_proj", h, m, "second norm"),
            Linear("down_proj", m, h, "mlp"),
        )
        biases = q + 2 * k if family == "qwen2" else q + 2 * k + h if config.get("attention_bias") else 0
        norms = 2 * h + (2 * size if family == "qwen3" else 0)
        other, outer = biases + norms, h
    return DecoderShape(
        family=family,
        layers=sizes["layers"],
        width=h,
        heads=heads,
        query_width=q,
        key_width=k,
        mlp_width=m,
        vocabulary=sizes["vocabulary"],
        tied=bool(config.get("tie_word_embeddings", False)),
        linears=linears,
        other_weights=other,
        outer_weights=outer,
    )
