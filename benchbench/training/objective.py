"""Objectives: what the loop minimises, for a method and for a reward model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from benchbench.core.batch import CandidateBatch
from benchbench.core.input import Pass
from benchbench.core.method import Method, Term, terms_of
from benchbench.core.scores import Scores, pair
from benchbench.models.logps import ResponseStates, response_states
from benchbench.models.reward_head import RewardModel
from benchbench.training.carried import CarriedNumbers

Terms = Mapping[str, Term]
Stats = Mapping[str, Tensor]


@dataclass(frozen=True)
class BoundInput:
    """What serves a need, with its data in memory."""

    tensor: Callable[[Pass], Any]
    """A pass of the policy -> the field of `Scores`."""
    has_gradient: bool = False
    """Whether the loss's gradient goes through it."""


@dataclass(frozen=True)
class MethodObjective:
    """A method's loss on a policy; builds exactly the inputs that the method declares."""

    method: Method
    hyper: Any
    model: Any
    inputs: Mapping[str, BoundInput] = field(default_factory=dict)
    """Name of each need that the method declares -> what serves it."""
    dtype: torch.dtype = torch.float32
    carried: CarriedNumbers | None = None
    """What the method carries from step to step, where it does."""
    head: Callable[[ResponseStates], Tensor] | None = None
    """The layer that is trained beside the policy, where the method has one."""
    watch: Callable[[Scores], Stats] | None = None
    """Further quantities [B] to log, of whatever method; none logs none."""
    shaped: Callable[[CandidateBatch], Mapping[str, Tensor]] | None = None
    """Gives what a recipe's shaping made of the rows of a batch (`Scores.shaped`); none where nothing is shaped."""

    @property
    def sees_the_step(self) -> bool:
        """Whether the loss is given the scores of the whole step at once."""
        return self.method.sees_the_step(self.hyper)

    def scores(self, batch: CandidateBatch, *, with_gradient_only: bool = False) -> Scores:
        """The policy's log-probabilities and the declared inputs of a batch.

        Args:
            batch: the examples.
            with_gradient_only: leave out what has no gradient.
        """
        states = response_states(self.model, batch)
        head = None if self.head is None else self.head(states)
        forward = Pass(batch, states, self.model, self.dtype, head)
        fields: dict[str, Any] = {
            f"_{need.name}": self.inputs[need.name].tensor(forward)
            for need in self.method.declared
            if self.inputs[need.name].has_gradient or not with_gradient_only
        }
        if head is not None:
            fields["_head"] = head
        if self.carried is not None:
            fields["_carried"] = self.carried.of(batch.ids)
        if self.shaped is not None:
            fields["_shaped"] = {name: values.to(self.dtype) for name, values in self.shaped(batch).items()}
        weights = {name: batch.weights[name].to(self.dtype) for name in self.method.token_weights}
        return Scores(states.logps(self.dtype), **fields, _token_weights=weights)

    def __call__(self, batch: CandidateBatch) -> tuple[Terms, Stats]:
        """The loss's terms, and TRL's names for what people watch."""
        return self.of_scores(self.scores(batch))

    def of_scores(self, scores: Scores) -> tuple[Terms, Stats]:
        """As a call, of scores that are there already."""
        terms = terms_of(self.method.loss(scores, self.hyper))
        with torch.no_grad():
            stats = dict(self._stats(scores))
            if self.method.watched is not None:
                stats |= self.method.watched(scores, self.hyper)
            if self.watch is not None:
                stats |= self.watch(scores)
        return terms, stats

    def advanced(self, scores: Scores, ids: tuple[str, ...]) -> Scores:
        """The step's scores with the carried numbers that its loss reads; those for the next step are made here."""
        if self.carried is None:
            return scores
        present = replace(scores, _carried=self.carried.of(ids))
        return replace(present, _carried=self.carried.advanced(present, self.hyper, ids))

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
class RewardAscentObjective:
    """What a reward model climbs before the gradient of its loss is taken, of responses in no order."""

    model: RewardModel

    @property
    def sees_the_step(self) -> bool:
        """Never: it is a mean over examples."""
        return False

    def __call__(self, batch: CandidateBatch) -> tuple[Terms, Stats]:
        """The one term; nothing to log beside it."""
        ascent = self.model.objective.ascent
        assert ascent is not None, "asked of an objective that climbs"
        scores = self.model.scores(batch)
        with torch.autocast(batch.tokens.device.type, enabled=False):  # what a head gives is in float32
            return {"ascent": Term(ascent.of(scores, self.model.hyper))}, {}


@dataclass(frozen=True)
class RewardModelObjective:
    """The objective of a reward model on its scores, with an optional pull of the rewards' sum towards zero.

    Centring: Eisenstein et al. 2023 (arXiv:2312.09244), coefficient * (r_chosen + r_rejected)^2, as in TRL's
    RewardTrainer; of K candidates the square of the sum of all.
    """

    model: RewardModel
    center_rewards_coefficient: float

    @property
    def sees_the_step(self) -> bool:
        """Never: a pair's loss is its own."""
        return False

    def __call__(self, batch: CandidateBatch) -> tuple[Terms, Stats]:
        """The loss's terms, and the rewards."""
        objective, hyper = self.model.objective, self.model.hyper
        scores = self.model.scores(batch)
        with torch.autocast(batch.tokens.device.type, enabled=False):  # what a head gives is in float32
            terms = dict(terms_of(objective.loss(scores, hyper)))
            # a plain head is what trains; tables that are fitted after training reward nothing before
            is_plain = objective.fit is not None and scores.outputs.shape[-1] == 1
            reward = scores.reward if is_plain else objective.score(scores, hyper)
            if self.center_rewards_coefficient:
                terms["centring"] = Term(self.center_rewards_coefficient * reward.sum(dim=-1) ** 2)
        reward = reward.detach()
        if reward.shape[1] != 2:
            return terms, {"rewards/all": reward.mean(dim=-1)}
        chosen, rejected = pair(reward)
        return terms, {
            "rewards/chosen": chosen,
            "rewards/rejected": rejected,
            "rewards/accuracies": (chosen > rejected).float(),
            "rewards/margins": chosen - rejected,
        }
