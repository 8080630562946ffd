"""Objectives: what the loop minimises, for a method and for a reward model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchbench.core.batch import CandidateBatch
from benchbench.core.method import Method, Term, terms_of
from benchbench.core.scores import Scores, pair
from benchbench.models.logps import token_logps
from benchbench.models.reward_head import RewardModel

Terms = Mapping[str, Term]
Stats = Mapping[str, Tensor]


InputTensor = Callable[[CandidateBatch, torch.dtype], Any]
"""(batch, dtype) -> the field of `Scores` that serves a need."""


@dataclass(frozen=True)
class MethodObjective:
    """A method's loss on a policy; builds exactly the inputs that the method declares."""

    method: Method
    hyper: Any
    model: Any
    inputs: Mapping[str, InputTensor] = field(default_factory=dict)
    """Name of each need that the method declares -> what it gives for a batch."""
    dtype: torch.dtype = torch.float32

    def scores(self, batch: CandidateBatch) -> Scores:
        """The policy's log-probabilities and the declared inputs of a batch."""
        policy = token_logps(self.model, batch, dtype=self.dtype)
        fields = {f"_{need.name}": self.inputs[need.name](batch, self.dtype) for need in self.method.declared}
        weights = {name: batch.weights[name].to(self.dtype) for name in self.method.token_weights}
        return Scores(policy, **fields, _token_weights=weights)

    def __call__(self, batch: CandidateBatch) -> tuple[Terms, Stats]:
        """The loss's terms, and TRL's names for what people watch."""
        scores = self.scores(batch)
        terms = terms_of(self.method.loss(scores, self.hyper))
        with torch.no_grad():
            stats = self._stats(scores)
        return terms, stats

    def _stats(self, scores: Scores) -> Stats:
        logps = scores.policy.sum().detach()
        if logps.shape[1] != 2:
            return {"logps/all": logps.mean(dim=-1)}
        chosen, rejected = pair(self.method.reward(scores, self.hyper).detach())
        return {
            "logps/chosen": logps[:, 0],
            "logps/rejected": logps[:, 1],
            "rewards/chosen": chosen,
            "rewards/rejected": rejected,
            "rewards/accuracies": (chosen > rejected).float(),
            "rewards/margins": chosen - rejected,
        }


@dataclass(frozen=True)
class RewardObjective:
    """Bradley-Terry on pairs, with an optional pull of the rewards' sum towards zero.

    Bradley-Terry: -log sigmoid(r_chosen - r_rejected). Centring: Eisenstein et al. 2023 (arXiv:2312.09244),
    coefficient * (r_chosen + r_rejected)^2, as in TRL's RewardTrainer.
    """

    model: RewardModel
    center_rewards_coefficient: float

    def __call__(self, batch: CandidateBatch) -> tuple[Terms, Stats]:
        """The loss's terms, and the rewards."""
        chosen, rejected = pair(self.model(batch))
        terms = {"bradley_terry": Term(-F.logsigmoid(chosen - rejected))}
        if self.center_rewards_coefficient:
            terms["centring"] = Term(self.center_rewards_coefficient * (chosen + rejected) ** 2)
        return terms, {
            "rewards/chosen": chosen.detach(),
            "rewards/rejected": rejected.detach(),
            "rewards/accuracies": (chosen > rejected).float(),
            "rewards/margins": (chosen - rejected).detach(),
        }
