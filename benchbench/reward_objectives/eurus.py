"""Eurus: Bradley-Terry and, beside it, absolute rewards above zero for chosen and below zero for rejected responses.

Yuan et al. 2024, arXiv:2404.02078: the second part is -log sigmoid(r_w) - log sigmoid(-r_l), which bounds the drift of
the chosen rewards that a difference alone allows. The paper adds it for the pairs of UltraInteract only, and trains on
all others by the first part. Weight 0 is `bradley_terry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchbench.core import functional as F
from benchbench.core.method import Paper, Term
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Eurus' reward model."""

    absolute_weight: float = 1.0
    """Weight of the two absolute terms, >= 0; 1 is the paper's, 0 is plain Bradley-Terry."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "absolute_weight")


def loss(scores: RewardScores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] of the difference of the rewards, and of the rewards themselves."""
    chosen, rejected = pair(scores.reward)
    absolute = -F.logsigmoid(chosen) - F.logsigmoid(-rejected)
    return {
        "bradley_terry": Term(-F.logsigmoid(chosen - rejected)),
        "absolute": Term(hyper.absolute_weight * absolute),
    }


OBJECTIVE = RewardObjective(
    name="eurus",
    paper=Paper(
        "Yuan et al.",
        2024,
        arxiv="2404.02078",
        title="Advancing LLM Reasoning Generalists with Preference Trees",
        note="Compared with section 3 of the paper, whose sum has no weight.",
    ),
    hyper=Hyper,
    loss=loss,
    is_shift_free=False,
    family="pairwise",
    equation="L = -log s(r_w - r_l) - w [log s(r_w) + log s(-r_l)]",
)
