"""Tokenised examples to batches of padded rows, and stored values to their places in a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchbench.core.batch import CandidateBatch, sent
from benchbench.data.tokenized import TokenizedExample
from benchbench.models.packing import pack
from benchbench.models.varlen import sequences_of


def collate(
    examples: Sequence[TokenizedExample],
    *,
    pad: int,
    device: torch.device,
    columns: Sequence[str] = (),
    weights: Sequence[str] = (),
    candidates: int | None = None,
    roles: Sequence[str] = (),
    allow_empty: bool = False,
    share: bool = True,
    whole: bool = False,
) -> CandidateBatch:
    """Pad examples on the right into one batch, and pack the same rows.

    Args:
        examples: B examples with the same number of candidates, as `microbatches.parts` puts them together.
        pad: token id of padding.
        device: where the tensors go.
        columns: names of the data's columns to carry along.
        weights: names of the spans whose token weights to carry along.
        candidates: use only the first so many candidates of each example.
        roles: take the candidates of these roles, in this order; none takes them as they stand.
        allow_empty: accept candidates without a response token.
        share: pack what an example's candidates share once (`models.packing.pack`).
        whole: pack every token, not only those that a scored one needs.

    Raises:
        ValueError: examples of different K, which cannot share a batch.
        BenchError: an example without one of the roles.
    """
    examples = [example.taking(roles) for example in examples]
    counts = {len(e.candidates[:candidates]) for e in examples}
    if len(counts) != 1:
        raise ValueError(f"examples with {sorted(counts)} candidates cannot share a batch")
    count = counts.pop()
    length = max(len(c.tokens) for e in examples for c in e.candidates[:count])
    rows = np.full((len(examples), count, length), pad, dtype=np.int64)
    is_real = np.zeros(rows.shape, dtype=bool)
    is_response = np.zeros(rows.shape, dtype=bool)
    for b, example in enumerate(examples):
        for k, candidate in enumerate(example.candidates[:count]):
            rows[b, k, : len(candidate.tokens)] = candidate.tokens
            is_real[b, k, : len(candidate.tokens)] = True
            is_response[b, k, slice(*candidate.response)] = True
            for hole in candidate.holes:
                is_response[b, k, slice(*hole)] = False
    is_response[..., 0] = False  # nothing precedes it, so it has no log-probability
    tokens, attention, response = (torch.from_numpy(array) for array in (rows, is_real, is_response))
    packed = pack(tokens, attention, response, share=share, whole=whole)
    if device.type == "cuda":
        packed = replace(packed, sequences=sequences_of(packed.groups))
    batch = CandidateBatch(
        ids=tuple(e.id for e in examples),
        tokens=tokens,
        attention=attention,
        response=response,
        columns={name: _column(examples, name, count) for name in columns},
        weights={name: _weights(examples, name, response) for name in weights},
        places=_places(examples),
        allow_empty=allow_empty,
        packed=packed,
    )
    return batch.to(device)


def _column(examples: Sequence[TokenizedExample], name: str, count: int) -> Tensor:
    values = [e.columns[name] for e in examples]
    used = [value[:count] if isinstance(value, tuple) else value for value in values]
    return torch.tensor(used, dtype=torch.float32)


def _weights(examples: Sequence[TokenizedExample], name: str, response: Tensor) -> Tensor:
    """[B, K, T] weight of each scored token, zero elsewhere."""
    weights = response.float()
    for b, example in enumerate(examples):
        for k, candidate in enumerate(example.candidates[: response.shape[1]]):
            for start, stop, value in candidate.weights.get(name, ()):
                weights[b, k, start:stop] *= value
    return weights


def _places(examples: Sequence[TokenizedExample]) -> tuple[tuple[int, ...], ...] | None:
    """[B][K] which of its example's candidates each is; none where all are as they stand."""
    if all(example.places is None for example in examples):
        return None
    return tuple(example.places or tuple(range(len(example.candidates))) for example in examples)


def spread(
    batch: CandidateBatch, values: Mapping[str, Sequence[Sequence[float]]], *, dtype: torch.dtype = torch.float32
) -> Tensor:
    """[B, K, T] stored per-token values of each response, put where the batch has its response tokens.

    Args:
        batch: the batch to fit.
        values: example id -> for each candidate one value per response token.
        dtype: of the result.

    Raises:
        ValueError: another number of values than response tokens: cache and batch do not belong together.
    """
    stored: list[float] = []
    for b, (name, lengths) in enumerate(zip(batch.ids, batch.token_counts.response, strict=True)):
        for k, length in enumerate(lengths):
            row = values[name][batch.place(b, k)]
            if len(row) != length:
                raise ValueError(f"example {name}: {len(row)} cached values, {length} response tokens")
            stored.extend(row)
    device = batch.tokens.device
    flat = sent(torch.tensor(stored, dtype=dtype), device)
    return torch.zeros(batch.tokens.shape, dtype=dtype, device=device).masked_scatter(batch.response, flat)
