"""Embeddings of prompts: the mean of a causal language model's last hidden states over the prompt's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchbench.models.logps import unwrap

ROW_TOKENS = 2**13
"""Tokens that go through the model at once, padding counted. A constant, since rows beside each other move the last
bits: what is embedded must not depend on a memory setting."""


def embedded(model: Any, prompts: Sequence[Sequence[int]], *, pad: int) -> Tensor:
    """[N, H] mean last hidden state of each prompt, in float32 or above, on the host.

    Args:
        model: a causal language model of transformers, with or without peft adapters, in evaluation mode.
        prompts: [N] token ids, each at least one; equal ones need not stand together.
        pad: token id of padding.
    """
    plain = unwrap(model)
    device = plain.get_input_embeddings().weight.device
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]), reverse=True)
    means: list[Tensor] = []
    start = 0
    with torch.no_grad():
        while start < len(order):
            stop = start + max(1, ROW_TOKENS // len(prompts[order[start]]))
            part = [prompts[i] for i in order[start:stop]]
            lengths = torch.tensor([len(prompt) for prompt in part])
            rows = np.full((len(part), int(lengths.max())), pad, dtype=np.int64)
            for row, prompt in zip(rows, part, strict=True):
                row[: len(prompt)] = prompt
            # padding comes after every real token, so a causal model needs no mask
            states = plain.base_model(input_ids=torch.from_numpy(rows).to(device), use_cache=False).last_hidden_state
            is_real = (torch.arange(rows.shape[1]) < lengths[:, None]).to(device)
            states = states.to(torch.promote_types(states.dtype, torch.float32))
            total = torch.where(is_real[..., None], states, 0).sum(dim=1)
            means.append((total / lengths.to(device)[:, None]).cpu())
            start = stop
    together = torch.cat(means)
    return torch.empty_like(together).index_copy_(0, torch.tensor(order), together)
