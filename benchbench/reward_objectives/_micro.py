"""What both stages of MiCRo have: heads on the state of a response, and a gate on the state of the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Paper, Term
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.core.reward_objective import RewardScores


def paper(note: str) -> Paper:
    """The paper, with a note on what of it an objective is."""
    title = "MiCRo: Mixture Modeling and Context-aware Routing for Personalized Preference Learning"
    return Paper("Shen et al.", 2025, arxiv="2505.24846", title=title, note=note)


def margins(scores: RewardScores) -> Tensor:
    """[B, M] difference of each head's rewards, chosen minus rejected."""
    outputs = scores.outputs  # [B, K, M]
    pair(outputs[..., 0])
    return outputs[:, 0] - outputs[:, 1]


def mixture_terms(scores: RewardScores, balance: float) -> Mapping[str, Term]:
    """Two terms: [B] of the mixture, and the weighted negative entropy of the gate."""
    of_heads = F.logsigmoid(margins(scores))
    gate = F.log_softmax(scores.prompt, dim=-1)  # [B, M]
    return {
        "mixture": Term(-(gate + of_heads).logsumexp(dim=-1)),
        "balance": Term(balance * (gate.exp() * gate).sum(dim=-1)),
    }


def mean_under(logits: Tensor, scores: RewardScores) -> Tensor:
    """[B, K] mean of the heads under the softmax of logits [B, M]."""
    return (F.softmax(logits, dim=-1)[:, None] * scores.outputs).sum(dim=-1)
