"""Log-probabilities of response tokens: the one place that shifts, gathers and masks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from benchbench.core.batch import CandidateBatch
from benchbench.core.scores import Logps

CHUNK_ELEMENTS = 2**28
"""Logits computed at once (1 GiB in float32); larger selections go through the head in recomputed chunks."""


def token_logps(model: Any, batch: CandidateBatch, *, dtype: torch.dtype = torch.float32) -> Logps:
    """Log-probability of every response token given all tokens before it.

    Args:
        model: a causal language model of transformers, with or without peft adapters.
        batch: right-padded rows; padding comes after every real token, so a causal model needs no mask.
        dtype: precision of log-softmax and of everything computed from it.

    The language-model head is applied at response positions only, where the model's logits are its output
    embedding of the last hidden state and nothing else (`has_plain_head`); other models give all their logits.
    """
    examples, candidates, length = batch.tokens.shape
    rows = batch.tokens.reshape(-1, length)  # [B*K, T]
    # the token at position t is predicted by the hidden state at t - 1
    predicted = batch.response.reshape(-1, length)[:, 1:]  # [B*K, T-1]
    targets = rows[:, 1:][predicted]  # [N]
    plain = unwrap(model)
    if has_plain_head(plain):
        hidden = plain.base_model(input_ids=rows, use_cache=False).last_hidden_state[:, :-1][predicted]  # [N, H]
        logps = _head_logps(plain.get_output_embeddings(), hidden, targets, dtype)
    else:
        logits = model(input_ids=rows, use_cache=False).logits[:, :-1][predicted]  # [N, V]
        logps = _gather(logits, targets, dtype)
    token = torch.zeros(predicted.shape, dtype=logps.dtype, device=logps.device)
    token = token.masked_scatter(predicted, logps)
    token = torch.nn.functional.pad(token, (1, 0)).reshape(examples, candidates, length)  # [B, K, T]
    return Logps(token=token, response=batch.response)


def unwrap(model: Any) -> Any:
    """The transformers model inside a peft model, adapters left in place."""
    return model.get_base_model() if hasattr(model, "peft_config") and hasattr(model, "get_base_model") else model


PLAIN_HEAD = "_bench_plain_head"
"""Attribute of a model under which the answer of the probe is kept."""


def has_plain_head(model: Any) -> bool:
    """Whether logits are exactly the output embedding of the last hidden state (no scale, no soft cap).

    Tried once per model on three tokens, rather than read off a list of configuration names.
    """
    if not hasattr(model, PLAIN_HEAD):
        setattr(model, PLAIN_HEAD, _probe(model))
    return getattr(model, PLAIN_HEAD)


def _probe(model: Any) -> bool:
    head = model.get_output_embeddings()
    if head is None:
        return False
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            ids = torch.tensor([[1, 2, 3]], device=head.weight.device)
            full = model(input_ids=ids, use_cache=False).logits
            ours = head(model.base_model(input_ids=ids, use_cache=False).last_hidden_state)
    finally:
        model.train(was_training)
    return full.shape == ours.shape and torch.equal(full, ours)


def _head_logps(head: Any, hidden: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """[N] log-probabilities from [N, H] hidden states; in recomputed chunks where all logits would not fit."""
    size = max(1, CHUNK_ELEMENTS // head.weight.shape[0])
    if len(targets) <= size:
        return _gather(head(hidden), targets, dtype)

    def part(h: Tensor, t: Tensor) -> Tensor:
        return _gather(head(h), t, dtype)

    chunks = zip(hidden.split(size), targets.split(size), strict=True)
    parts = [checkpoint(part, h, t, use_reentrant=False) if h.requires_grad else part(h, t) for h, t in chunks]
    return torch.cat([p for p in parts if p is not None])


def _gather(logits: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    return logits.to(dtype).log_softmax(dim=-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)
