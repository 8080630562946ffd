"""Tokenised examples to padded batches, and batches to microbatches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from benchbench.core.batch import CandidateBatch
from benchbench.data.tokenized import TokenizedExample


def collate(
    examples: Sequence[TokenizedExample],
    *,
    pad: int,
    device: torch.device,
    columns: Sequence[str] = (),
    candidates: int | None = None,
    allow_empty: bool = False,
) -> CandidateBatch:
    """Pad examples on the right into one batch.

    Args:
        examples: B examples with the same number of candidates.
        pad: token id of padding.
        device: where the tensors go.
        columns: names of the data's columns to carry along.
        candidates: use only the first so many candidates of each example.
        allow_empty: accept candidates without a response token.

    Raises:
        ValueError: examples of different K, which cannot share a batch.
    """
    counts = {len(e.candidates[:candidates]) for e in examples}
    if len(counts) != 1:
        raise ValueError(f"examples with {sorted(counts)} candidates cannot share a batch")
    count = counts.pop()
    length = max(len(c.tokens) for e in examples for c in e.candidates[:count])
    tokens = torch.full((len(examples), count, length), pad, dtype=torch.long)
    attention = torch.zeros_like(tokens, dtype=torch.bool)
    response = torch.zeros_like(tokens, dtype=torch.bool)
    for b, example in enumerate(examples):
        for k, candidate in enumerate(example.candidates[:count]):
            tokens[b, k, : len(candidate.tokens)] = torch.tensor(candidate.tokens, dtype=torch.long)
            attention[b, k, : len(candidate.tokens)] = True
            response[b, k, slice(*candidate.response)] = True
    response[..., 0] = False  # nothing precedes it, so it has no log-probability
    return CandidateBatch(
        ids=tuple(e.id for e in examples),
        tokens=tokens.to(device),
        attention=attention.to(device),
        response=response.to(device),
        columns={name: _column(examples, name, count, device) for name in columns},
        allow_empty=allow_empty,
    )


def _column(examples: Sequence[TokenizedExample], name: str, count: int, device: torch.device) -> Tensor:
    values = [e.columns[name] for e in examples]
    used = [value[:count] if isinstance(value, tuple) else value for value in values]
    return torch.tensor(used, dtype=torch.float32, device=device)


def microbatches(
    examples: Sequence[TokenizedExample], size: int, make: Callable[[Sequence[TokenizedExample]], CandidateBatch]
) -> Iterator[CandidateBatch]:
    """The step's examples in pieces that fit into memory, in order."""
    for start in range(0, len(examples), size):
        yield make(examples[start : start + size])


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
    out = torch.zeros(batch.tokens.shape, dtype=dtype)
    mask = batch.response.cpu()
    for b, name in enumerate(batch.ids):
        for k in range(mask.shape[1]):
            row = torch.tensor(values[name][k], dtype=dtype)
            if len(row) != int(mask[b, k].sum()):
                raise ValueError(f"example {name}: {len(row)} cached values, {int(mask[b, k].sum())} response tokens")
            out[b, k, mask[b, k]] = row
    return out.to(batch.tokens.device)
