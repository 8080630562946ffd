"""A small trainable layer on the hidden states of a policy, or of its frozen reference."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from benchbench.core.method import Head
from benchbench.models.logps import ResponseStates, response_states, unwrap


class PolicyHead(nn.Module):
    """One linear map from the states that predict response tokens to O numbers; it starts at small random weights."""

    def __init__(self, policy: Any, spec: Head, *, outputs: int, reference: Any = None) -> None:
        """A head on a policy.

        Args:
            policy: the model whose states are read, or as wide as the one whose are.
            spec: where and how the head reads.
            outputs: O, numbers per place.
            reference: the frozen model whose states are read instead, where the head does.
        """
        super().__init__()
        self._spec = spec
        self._reference = (reference,)  # in a tuple, so that its weights are none of this module
        self.linear = nn.Linear(unwrap(policy).config.hidden_size, outputs, dtype=torch.float32)
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, states: ResponseStates) -> Tensor:
        """[B, K, T, O], zero off the response, or [B, K, O]: of each response token, or of each response's last."""
        if states.head is None:
            raise ValueError("the model gives logits alone, a head reads hidden states")
        hidden = states.values
        if self._spec.reads == "reference":
            with torch.no_grad():
                hidden = response_states(self._reference[0], states.batch).values
        elif not self._spec.through:
            hidden = hidden.detach()
        dtype = self.linear.weight.dtype
        placed = states.placed(self.linear(hidden.to(dtype)))
        if self._spec.place == "tokens":
            return placed
        response = states.batch.response
        places = torch.arange(response.shape[-1], device=response.device)
        last = (response * places).argmax(dim=-1)  # [B, K]
        return placed.gather(2, last[..., None, None].expand(*last.shape, 1, placed.shape[-1])).squeeze(2)


class PolicyWithHead(nn.Module):
    """A policy and its head, trained together; only the policy is kept."""

    def __init__(self, policy: Any, head: PolicyHead) -> None:
        """The two as one module."""
        super().__init__()
        self.backbone = policy
        self.head = head


class PolicyWithRival(nn.Module):
    """A policy and a second copy of it, trained together; one of them is kept."""

    def __init__(self, policy: Any, rival: Any) -> None:
        """The two as one module."""
        super().__init__()
        self.backbone = policy
        self.rival = rival
