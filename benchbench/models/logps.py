"""Log-probabilities of response tokens: the one place that shifts, gathers and masks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from benchbench.core.batch import CandidateBatch
from benchbench.core.scores import Logps
from benchbench.models.layout import Layout, layout_of, packed_states
from benchbench.models.packing import pack
from benchbench.recipe.memory import HEAD_LOGITS

CHUNK_ELEMENTS = defaultdict(lambda: HEAD_LOGITS["cuda"], HEAD_LOGITS)
"""Logits computed at once, by kind of device; larger selections go through the head in recomputed chunks."""


def token_logps(model: Any, batch: CandidateBatch, *, dtype: torch.dtype = torch.float32) -> Logps:
    """Log-probability of every response token given all tokens before it.

    Args:
        model: a causal language model of transformers, with or without peft adapters.
        batch: right-padded rows; padding comes after every real token, so a causal model needs no mask. A model that
            takes packed rows (`models.layout`) is given them packed.
        dtype: precision of log-softmax and of everything computed from it.

    The language-model head is applied at response positions only, where the model's logits are its output embedding of
    the last hidden state and at most a scale or a soft cap (`head_of`); other models give all their logits.
    """
    return response_states(model, batch).logps(dtype)


@dataclass(frozen=True)
class ResponseStates:
    """What predicts the R response tokens of a batch: hidden states and a head, or logits of a model without one."""

    batch: CandidateBatch
    values: Tensor
    """[R, H] hidden states, or [R, V] logits; in the order of `response.nonzero()`, gradient and all."""
    head: LogitHead | None
    """Makes logits of hidden states; none where the values are logits."""
    targets: Tensor
    """[R] token id of each response token."""
    slots: Tensor
    """[R] place of each response token among the B * K * T places of the batch."""

    def logps(self, dtype: torch.dtype) -> Logps:
        """Log-probability of every response token, [B, K, T] nats."""
        if self.head is None:
            flat = _gather(self.values, self.targets, dtype)
        else:
            flat = _head_logps(self.head, self.values, self.targets, dtype)
        return Logps(self.placed(flat), self.batch.response)

    def logits(self, part: Tensor) -> Tensor:
        """[n, V] logits of n of the values."""
        return part if self.head is None else self.head(part)

    def chunk(self) -> int:
        """Values whose logits may be there at once."""
        width = self.values.shape[-1] if self.head is None else self.head.embedding.weight.shape[0]
        return max(1, CHUNK_ELEMENTS[self.values.device.type] // width)

    def placed(self, flat: Tensor) -> Tensor:
        """[R, ...] put where the batch has its response tokens: [B, K, T, ...], zero elsewhere.

        By index: the gradient of `masked_scatter` selects by a mask, which makes the host wait for the card.
        """
        shape = self.batch.response.shape
        token = torch.zeros((shape.numel(), *flat.shape[1:]), dtype=flat.dtype, device=flat.device)
        return token.index_copy(0, self.slots, flat).reshape(*shape, *flat.shape[1:])


def response_states(model: Any, batch: CandidateBatch) -> ResponseStates:
    """One forward pass of a batch, up to the states that predict its response tokens."""
    plain = unwrap(model)
    head = head_of(plain)
    if head is not None and policy_layout(model).packed:
        packed = batch.packed or pack(batch.tokens, batch.attention, batch.response)
        hidden = packed_states(plain.base_model, packed)[packed.sources]  # [R, H]
        return ResponseStates(batch, hidden, head, packed.targets, packed.slots)
    rows = batch.tokens.flatten(0, 1)  # [B*K, T]
    slots = _slots(batch)
    targets = rows.flatten()[slots]  # [R]
    predicting = slots - 1  # the token at position t is predicted by the hidden state at t - 1 of its row
    if head is not None:
        values = plain.base_model(input_ids=rows, use_cache=False).last_hidden_state.flatten(0, 1)[predicting]
    else:
        values = model(input_ids=rows, use_cache=False).logits.flatten(0, 1)[predicting]
    return ResponseStates(batch, values, head, targets, slots)


def policy_layout(model: Any) -> Layout:
    """The layout in which a policy's rows are scored; padded, too, where its logits are not made by `head_of`."""
    plain = unwrap(model)
    if head_of(plain) is None:
        return Layout(False, "logits are made by more than an output embedding, a scale or a soft cap")
    return layout_of(plain.base_model)


def _slots(batch: CandidateBatch) -> Tensor:
    """[R] places of response tokens; asked of the device, which waits for it, only where nobody packed the batch."""
    return batch.response.flatten().nonzero().squeeze(1) if batch.packed is None else batch.packed.slots


def unwrap(model: Any) -> Any:
    """The transformers model inside a peft model, adapters left in place."""
    return model.get_base_model() if hasattr(model, "peft_config") and hasattr(model, "get_base_model") else model


FINISH = "_bench_finish"
"""Attribute of a model under which the answer of the probe is kept."""
Finish = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class LogitHead:
    """What makes logits of a last hidden state."""

    embedding: Any
    """The output embedding."""
    finish: Finish
    """What the model does with its output, such as a scale or a soft cap."""

    def __call__(self, hidden: Tensor) -> Tensor:
        """[R, H] to [R, V]."""
        return self.finish(self.embedding(hidden))


def head_of(model: Any) -> LogitHead | None:
    """How the model makes logits; none where it is no output embedding, scaled or soft-capped at most.

    Tried once per model on three tokens, bit for bit, rather than read off a list of model types.
    """
    if not hasattr(model, FINISH):
        setattr(model, FINISH, _probe(model))
    finish = getattr(model, FINISH)
    return None if finish is None else LogitHead(model.get_output_embeddings(), finish)


def _probe(model: Any) -> Finish | None:
    embedding = model.get_output_embeddings()
    if embedding is None:
        return None
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            ids = torch.tensor([[1, 2, 3]], device=embedding.weight.device)
            logits = model(input_ids=ids, use_cache=False).logits
            hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
            output = embedding(hidden)
            return next((finish for finish in _finishes(model.config) if _same(finish(output), logits)), None)
    finally:
        model.train(was_training)


def _same(ours: Tensor, logits: Tensor) -> bool:
    return ours.shape == logits.shape and torch.equal(ours, logits)


def _finishes(config: Any) -> Iterator[Finish]:
    """What models of transformers do with the output of their embedding, by names of the configuration."""
    yield lambda logits: logits
    cap = getattr(config, "final_logit_softcapping", None)
    if cap:
        yield lambda logits: torch.tanh(logits / cap) * cap
    scale = getattr(config, "logit_scale", None)
    if scale:
        yield lambda logits: logits * scale
    divisor = getattr(config, "logits_scaling", None)
    if divisor:
        yield lambda logits: logits / divisor


def _head_logps(head: LogitHead, hidden: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """[N] log-probabilities from [N, H] hidden states; in recomputed chunks where all logits would not fit."""
    size = max(1, CHUNK_ELEMENTS[hidden.device.type] // head.embedding.weight.shape[0])
    if len(targets) <= size:
        return _gather(head(hidden), targets, dtype)

    def part(h: Tensor, t: Tensor) -> Tensor:
        return _gather(head(h), t, dtype)

    chunks = zip(hidden.split(size), targets.split(size), strict=True)
    parts = [checkpoint(part, h, t, use_reentrant=False) if h.requires_grad else part(h, t) for h, t in chunks]
    return torch.cat([p for p in parts if p is not None])


def _gather(logits: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    return _TargetLogps.apply(logits, targets, dtype)


class _TargetLogps(torch.autograd.Function):
    """log_softmax and the targets' share of it, whose gradient is made in the place of the log-probabilities.

    What autograd does for the two adds a tensor of zeros as large as the logits, and another for their gradient.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        logps = logits.to(dtype).log_softmax(dim=-1)
        ctx.save_for_backward(logps, targets)
        ctx.dtype = logits.dtype
        return logps.gather(-1, targets.unsqueeze(-1)).squeeze(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        logps, targets = ctx.saved_tensors
        grad = grads[0].unsqueeze(-1).to(logps.dtype)  # [R, 1]
        # d log p(target) / d logit = [is target] - p; saved tensors are this function's own, and read once
        shares = logps.detach().exp_().mul_(-grad)
        shares.scatter_add_(-1, targets.unsqueeze(-1), grad)
        return shares.to(ctx.dtype), None, None
