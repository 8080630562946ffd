"""Operations of a pass: what goes through a model, and how many floating-point operations that takes.

Two operations are a product and a sum. Counted are the products with weights and those of attention, as they are
carried out: what is recomputed counts again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchbench.cost.shapes import DecoderShape


@dataclass(frozen=True)
class RowTokens:
    """What one example of a split brings, on average, as rows are laid out."""

    examples: int | None
    """None where that is not known."""
    packed: float
    """Tokens that go through the layers: without padding, and what candidates share once."""
    scored: float
    """Tokens whose log-probability is computed, each a row of the head."""
    row: float
    """Tokens of one row, prompt and response."""
    spread: float
    """Standard deviation of `packed` over examples."""
    longest: int
    """Packed tokens of the longest example."""
    prompt: float
    """Tokens of the prompt."""
    candidates: float
    origin: str
    """Where these numbers are from, for people."""
    is_bound: bool = False
    """They are upper bounds, since the rows are not there yet."""


@dataclass(frozen=True)
class PassWork:
    """What goes through a model in one pass over so many examples."""

    tokens: float
    """Through the layers."""
    scored: float
    """Through the head."""
    context: float
    """Tokens that a token reads, on average."""


def bounded_rows(
    examples: int | None, candidates: float, *, prompt: float, response: float, origin: str, share: bool = True
) -> RowTokens:
    """Rows that are not there yet, each as long as it may be.

    Args:
        examples: how many, at most; none where that is not known.
        candidates: of each.
        prompt: tokens of a prompt at most.
        response: tokens of a response at most.
        origin: why they are not there, for people.
        share: candidates share their prompt.
    """
    packed = prompt + candidates * response if share else candidates * (prompt + response)
    return RowTokens(
        examples=examples,
        packed=packed,
        scored=candidates * response,
        row=prompt + response,
        spread=0.0,
        longest=int(packed),
        prompt=prompt,
        candidates=candidates,
        origin=origin,
        is_bound=True,
    )


def joined_rows(first: RowTokens, second: RowTokens) -> RowTokens:
    """The rows of two sets together; their numbers are those of the first where nobody knows how many it has.

    Args:
        first: read before the others.
        second: of a known number of examples.
    """
    if first.examples is None or second.examples is None:
        return first
    examples = first.examples + second.examples
    share = first.examples / max(1, examples)

    def mean(of_first: float, of_second: float) -> float:
        return share * of_first + (1 - share) * of_second

    packed = mean(first.packed, second.packed)
    square = mean(first.spread**2 + (first.packed - packed) ** 2, second.spread**2 + (second.packed - packed) ** 2)
    return RowTokens(
        examples=examples,
        packed=packed,
        scored=mean(first.scored, second.scored),
        row=mean(first.row, second.row),
        spread=math.sqrt(square),
        longest=max(first.longest, second.longest),
        prompt=mean(first.prompt, second.prompt),
        candidates=mean(first.candidates, second.candidates),
        origin=f"{first.origin}; {second.origin}",
        is_bound=first.is_bound or second.is_bound,
    )


def work_of(rows: RowTokens, examples: float) -> PassWork:
    """The work of examples that are like the rows; a token reads half of its row on average."""
    return PassWork(rows.packed * examples, rows.scored * examples, rows.row / 2)


def forward_flops(shape: DecoderShape, work: PassWork, *, head: bool = True) -> float:
    """Operations of one forward pass.

    Args:
        shape: of the model.
        work: that goes through.
        head: whether logits are computed.
    """
    layers = 2 * work.tokens * shape.layers * shape.layer_matrices
    logits = 2 * work.scored * shape.head_weights if head else 0.0
    return layers + attention_flops(shape, work) + logits


def attention_flops(shape: DecoderShape, work: PassWork) -> float:
    """Operations of a forward pass that are products of states alone: queries with keys, shares with values."""
    return 4 * work.tokens * work.context * shape.layers * shape.query_width


def training_flops(
    shape: DecoderShape, work: PassWork, *, adapters: int = 0, checkpointed: bool = False, head: bool = True
) -> float:
    """Operations of a forward and a backward pass.

    Args:
        shape: of the model.
        work: that goes through.
        adapters: weights of adapters, where they alone are trained; 0 trains all weights.
        checkpointed: layers are computed once more in the backward pass.
        head: whether logits are computed.
    """
    forward = forward_flops(shape, work, head=head)
    recomputed = forward_flops(shape, work, head=False) if checkpointed else 0.0
    if not adapters:
        return 3 * forward + recomputed  # of each product one for the input, one for the weight
    # a frozen weight has no gradient, but both sides of attention's products have one
    return 2 * forward + attention_flops(shape, work) + recomputed + 6 * work.tokens * adapters


def decode_bytes(shape: DecoderShape, *, sequences: float, length: float, bytes_per_weight: int) -> float:
    """Bytes that are read from memory for one more token of each sequence: all weights, and keys and values so far."""
    return shape.weights * bytes_per_weight + sequences * length * cache_bytes(shape, bytes_per_weight)


def cache_bytes(shape: DecoderShape, bytes_per_number: int) -> int:
    """Bytes of keys and values of one token."""
    return 2 * shape.layers * shape.key_width * bytes_per_number
