"""Rows of drawn responses in the collections: groups of responses by their tokens, under three policies."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from benchbench.core.scores import Logps, Scores

from .translation import Case

ADVANTAGE = "it is an advantage and not a loss; tests/methods compares it with the function that makes it"


def token_rows(rows: Sequence[Sequence[float]], group: int) -> Logps:
    """[B, K, T] log-probabilities of rows in the order of their groups."""
    longest = max(len(row) for row in rows)
    token = torch.tensor([[*row, *[0.0] * (longest - len(row))] for row in rows], dtype=torch.float64)
    response = torch.arange(longest) < torch.tensor([len(row) for row in rows])[:, None]
    return Logps(token.reshape(-1, group, longest), response.reshape(-1, group, longest))


def scores(case: Case) -> tuple[torch.Tensor, Scores]:
    """The policy's log-probability of every token, and the scores with reference, rewards and behaviour."""
    inputs = case["inputs"]
    group = inputs["group_size"]
    policy, drawn, reference = (
        token_rows(inputs[f"{name}_token_logps"], group) for name in ("policy", "old", "reference")
    )
    leaf = policy.token.clone().requires_grad_()
    rewards = torch.tensor(inputs["reward"], dtype=torch.float64).reshape(-1, group)
    live = Logps(leaf * policy.response, policy.response)
    return leaf, Scores(live, reference, rewards, _behaviour=drawn)
