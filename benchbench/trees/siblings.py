"""Siblings: steps that may follow one prefix, with what a search says of each, and one that lies on its best path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchbench.core.example import Message
from benchbench.core.rollout import Group, Labels
from benchbench.trees.environment import Continuation, Prefix, tokens_of


@dataclass(frozen=True)
class TreePrompt:
    """What a search answers; its groups of siblings carry it."""

    example: str
    """Id of the example that the prompt is from."""
    round: int
    """From 1."""
    tokens: tuple[int, ...]
    """Token ids of the prompt."""
    messages: tuple[Message, ...]
    """The conversation that the prompt was encoded from."""
    columns: Mapping[str, float | str] = field(default_factory=dict)
    """What the example says of itself, such as its `answer`."""


@dataclass(frozen=True)
class Siblings:
    """All continuations of one prefix of the best path.

    Raises:
        ValueError: another number of values or visits than of continuations, or a place that is none of theirs.
    """

    prefix: Prefix
    continuations: tuple[Continuation, ...]
    """[K] in the order in which they were proposed."""
    chosen: int
    """Place of the one on the best path."""
    values: tuple[float, ...]
    """[K] what the search says of each: a beam's value, or the Q of Monte Carlo tree search; higher is better."""
    visits: tuple[int, ...] | None = None
    """[K] how often Monte Carlo tree search went there; none for a beam."""

    def __post_init__(self) -> None:
        count = len(self.continuations)
        if len(self.values) != count or len(self.visits or self.values) != count:
            raise ValueError(f"expected a value, and visits if any, for each of {count} continuations")
        if not 0 <= self.chosen < count:
            raise ValueError(f"chosen: expected a place from 0 to {count - 1}, got {self.chosen}")

    def best_first(self) -> tuple[int, ...]:
        """Places by value, then visits, then log-probability, best first; what is still equal keeps its order.

        The first and the last are the pair of Monte Carlo tree search with DPO (arXiv:2405.00451, as the authors' code
        has it: Q, then how likely a visit is).
        """
        visits = self.visits or (0,) * len(self.values)
        order = range(len(self.values))
        return tuple(sorted(order, key=lambda k: (-self.values[k], -visits[k], -self.continuations[k].logp)))

    def group(self, prompt: TreePrompt) -> Group:
        """The siblings as responses to the prompt and the prefix, in their own order."""
        return Group(
            example=prompt.example,
            round=prompt.round,
            prompt=prompt.tokens,
            messages=prompt.messages,
            responses=tuple(continuation.response for continuation in self.continuations),
            prefix=tokens_of(self.prefix),
            columns=prompt.columns,
        )

    def labels(self) -> Labels:
        """The values as scores, with columns `on_path` (1 for the one on the best path) and, if known, `visits`.

        A search pays its environment for values and not for these labels, so they count no answer.
        """
        columns = {"on_path": tuple(float(place == self.chosen) for place in range(len(self.values)))}
        if self.visits is not None:
            columns["visits"] = tuple(map(float, self.visits))
        return Labels(scores=self.values, columns=columns)


@dataclass(frozen=True)
class SearchResult:
    """The best path that a search came to."""

    path: Prefix
    """Its steps; the last is final unless the search ended for another reason."""
    siblings: tuple[Siblings, ...]
    """One for each step of the path, from the root on."""
    proposed: int
    """Continuations that were drawn in the whole search, on the path or not."""
    valued: int
    """Prefixes whose value was asked for."""
