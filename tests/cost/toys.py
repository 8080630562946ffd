"""Small models and batches whose bytes are counted."""

from __future__ import annotations

from typing import Any

import torch

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample

VOCABULARY = 100
COMMON: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 160,
    "max_position_embeddings": 512,
    "vocab_size": VOCABULARY,
    "use_cache": False,
}


def batch_of(examples: int, prompt: int, response: int) -> CandidateBatch:
    """Pairs of random tokens that share a prompt."""
    generator = torch.Generator().manual_seed(0)

    def words(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(2, VOCABULARY, (count,), generator=generator).tolist())

    rows = []
    for number in range(examples):
        start = words(prompt)
        pair = tuple(
            TokenizedCandidate((*start, *words(response)), (prompt, prompt + response)) for _ in ("chosen", "rejected")
        )
        rows.append(TokenizedExample(str(number), pair, identical=False, columns={}))
    return collate(rows, pad=0, device=torch.device("cpu"))
