"""Logps and Scores: what a loss may see of the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class UndeclaredInputError(LookupError):
    """A loss read an input that its method does not declare: our bug, not the user's."""


@dataclass(frozen=True)
class Logps:
    """Log-probabilities of response tokens under one model."""

    token: Tensor
    """[B, K, T] nats, zero off the response."""
    response: Tensor
    """[B, K, T] bool, true where a token belongs to the response."""

    def sum(self) -> Tensor:
        """[B, K] nats per response."""
        return self.token.sum(dim=-1)

    def mean(self) -> Tensor:
        """[B, K] nats per response token."""
        return self.sum() / self.length()

    def length(self) -> Tensor:
        """[B, K] number of response tokens, as floats; never 0 unless the recipe keeps empty responses.

        An empty response counts as one token, so that its mean is 0 rather than NaN.
        """
        return self.response.sum(dim=-1).clamp(min=1).to(self.token.dtype)


@dataclass(frozen=True)
class Scores:
    """All a loss may read: the policy, and of the rest only what the method declares."""

    policy: Logps
    _reference: Logps | None = None
    _reward: Tensor | None = None
    _column: Mapping[str, Tensor] = field(default_factory=dict)
    _anchors: Mapping[str, Logps] = field(default_factory=dict)
    _distribution: Tensor | None = None
    _mismatched: Tensor | None = None
    _live_reference: Logps | None = None
    _prompt_embedding: Tensor | None = None
    _prompt_class: Tensor | None = None
    _activations: Mapping[str, Tensor] = field(default_factory=dict)
    _rival: Tensor | None = None
    _behaviour: Logps | None = None
    _fresh: Scores | None = None
    _previous: Logps | None = None
    _value: Tensor | None = None
    _head: Tensor | None = None
    _carried: Mapping[str, Tensor] = field(default_factory=dict)
    _token_weights: Mapping[str, Tensor] = field(default_factory=dict)
    _shaped: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def reference(self) -> Logps:
        """The frozen anchor's log-probabilities, [B, K, T]; needs `Need.REFERENCE`."""
        if self._reference is None:
            raise UndeclaredInputError("the loss reads the reference; declare Need.REFERENCE")
        return self._reference

    @property
    def reward(self) -> Tensor:
        """[B, K] reward of each candidate, unit of the reward's source; needs `Need.REWARD`."""
        if self._reward is None:
            raise UndeclaredInputError("the loss reads rewards; declare Need.REWARD")
        return self._reward

    def column(self, name: str) -> Tensor:
        """[B] or [B, K] column of the data; its name must stand in `Method.columns`."""
        if name not in self._column:
            raise UndeclaredInputError(f"the loss reads column '{name}'; declare it in Method.columns")
        return self._column[name]

    def anchor(self, name: str) -> Logps:
        """Log-probabilities under a further frozen policy, [B, K, T]; its name must stand in `Need.ANCHORS`."""
        if name not in self._anchors:
            raise UndeclaredInputError(f"the loss reads anchor '{name}'; declare Need.ANCHORS with its name")
        return self._anchors[name]

    @property
    def anchors(self) -> Mapping[str, Logps]:
        """Name -> log-probabilities of every further frozen policy, [B, K, T]; needs `Need.ANCHORS`."""
        if not self._anchors:
            raise UndeclaredInputError("the loss reads anchors; declare Need.ANCHORS")
        return self._anchors

    @property
    def distribution(self) -> Tensor:
        """[B, K, T] a quantity of each next-token distribution, zero off the response; needs `Need.DISTRIBUTION`."""
        if self._distribution is None:
            raise UndeclaredInputError("the loss reads a quantity of distributions; declare Need.DISTRIBUTION")
        return self._distribution

    @property
    def mismatched(self) -> Tensor:
        """[B, K] summed log-ratio of each response after another example's prompt; needs `Need.MISMATCHED`."""
        if self._mismatched is None:
            raise UndeclaredInputError("the loss reads mismatched log-ratios; declare Need.MISMATCHED")
        return self._mismatched

    @property
    def live_reference(self) -> Logps:
        """Log-probabilities under the reference that follows the policy, [B, K, T]; needs `Need.LIVE_REFERENCE`."""
        if self._live_reference is None:
            raise UndeclaredInputError("the loss reads a moving reference; declare Need.LIVE_REFERENCE")
        return self._live_reference

    @property
    def prompt_embedding(self) -> Tensor:
        """[B, E] a vector of each prompt, the same at every step; needs `Need.PROMPT_EMBEDDING`."""
        if self._prompt_embedding is None:
            raise UndeclaredInputError("the loss reads embeddings of prompts; declare Need.PROMPT_EMBEDDING")
        return self._prompt_embedding

    @property
    def prompt_class(self) -> Tensor:
        """[B] P(label 1) at each prompt, by a classifier of the split's prompts; needs `Need.PROMPT_CLASS`."""
        if self._prompt_class is None:
            raise UndeclaredInputError("the loss reads probabilities of labels by prompt; declare Need.PROMPT_CLASS")
        return self._prompt_class

    @property
    def activations(self) -> Mapping[str, Tensor]:
        """Name of each layer -> [B, K, T] mean of the frozen anchor's states, zero off the response.

        Needs `Need.ACTIVATIONS`.
        """
        if not self._activations:
            raise UndeclaredInputError("the loss reads activations; declare Need.ACTIVATIONS")
        return self._activations

    @property
    def rival(self) -> Tensor:
        """[B, K, T] nats, zero off the response, under the copy that is trained beside the policy; with its gradient.

        Needs `Need.RIVAL`.
        """
        if self._rival is None:
            raise UndeclaredInputError("the loss reads a second trained copy; declare Need.RIVAL")
        return self._rival

    @property
    def behaviour(self) -> Logps:
        """Log-probabilities under the policy that drew each response, [B, K, T]; needs `Need.BEHAVIOUR`."""
        if self._behaviour is None:
            raise UndeclaredInputError("the loss reads the policy that drew the rows; declare Need.BEHAVIOUR")
        return self._behaviour

    @property
    def fresh(self) -> Scores:
        """Scores of M further responses to each prompt, drawn at this step; its policy and reference are [B, M, T'].

        Needs `Need.FRESH`.
        """
        if self._fresh is None:
            raise UndeclaredInputError("the loss reads responses that are drawn at each step; declare Need.FRESH")
        return self._fresh

    @property
    def previous(self) -> Logps:
        """Log-probabilities under the policy that the round starts from, [B, K, T]; needs `Need.PREVIOUS`."""
        if self._previous is None:
            raise UndeclaredInputError("the loss reads the policy that the round starts from; declare Need.PREVIOUS")
        return self._previous

    @property
    def value(self) -> Tensor:
        """[B, K, T] the head's first output when each response was drawn, zero off it; needs `Need.VALUE`."""
        if self._value is None:
            raise UndeclaredInputError("the loss reads values of when the rows were drawn; declare Need.VALUE")
        return self._value

    @property
    def head(self) -> Tensor:
        """[B, K, T, O], zero off the response, or [B, K, O]: output of the trained head; needs `Method.head`."""
        if self._head is None:
            raise UndeclaredInputError("the loss reads a head; declare Method.head")
        return self._head

    def carried(self, name: str) -> Tensor:
        """[] or [B] number that the method carries from step to step; its name must stand in `Method.carried`."""
        if name not in self._carried:
            raise UndeclaredInputError(f"the loss reads the carried number '{name}'; declare it in Method.carried")
        return self._carried[name]

    def token_weights(self, name: str) -> Tensor:
        """[B, K, T] weight of each scored token, 1 where no span of that name is, 0 off the scored tokens.

        The name must stand in `Method.token_weights`.
        """
        if name not in self._token_weights:
            raise UndeclaredInputError(f"the loss reads token weights '{name}'; declare it in Method.token_weights")
        return self._token_weights[name]

    def shaped(self, name: str) -> Tensor | None:
        """What the recipe's shaping gives, without gradient; none where it gives nothing of that name.

        Args:
            name: of `core.shaping.Gives`, which must stand in `Method.shaped`; rewards are `reward`. `advantages` are
                [B, K], what is of tokens [B, K, T] and zero off the response.
        """
        return self._shaped.get(name)


def pair(values: Tensor) -> tuple[Tensor, Tensor]:
    """Split [B, 2] into chosen [B] and rejected [B].

    Raises:
        ValueError: K is not 2; this method compares exactly two candidates.
    """
    if values.shape[-1] != 2:
        raise ValueError(f"expected pairs (K = 2), got K = {values.shape[-1]}")
    return values[..., 0], values[..., 1]


def single(values: Tensor) -> Tensor:
    """[B, 1] as [B].

    Raises:
        ValueError: K is not 1; each response has a label or a reward of its own.
    """
    if values.shape[-1] != 1:
        raise ValueError(f"expected single responses (K = 1), got K = {values.shape[-1]}")
    return values[..., 0]


def each_of(values: Tensor, count: int) -> tuple[Tensor, ...]:
    """Split [B, K] into one [B] for each of the candidates that a method reads by role, in its order.

    Raises:
        ValueError: K is another number than the method's roles.
    """
    if values.shape[-1] != count:
        raise ValueError(f"expected {count} candidates by role, got K = {values.shape[-1]}")
    return tuple(values.unbind(dim=-1))


def log_ratio(scores: Scores) -> Tensor:
    """[B, K] nats per response: summed log-probability under the policy minus that under the reference."""
    return scores.policy.sum() - scores.reference.sum()


def previous_log_ratio(scores: Scores) -> Tensor:
    """[B, K] nats per response: summed log-probability less that under the policy that the round starts from."""
    return scores.policy.sum() - scores.previous.sum()


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """[B] mean of [B, K] values by [B, K] weights of at least 0; 0 where no candidate has a weight."""
    weights = weights.to(values)
    return (weights * values).sum(dim=-1) / weights.sum(dim=-1).clamp(min=1e-12)
