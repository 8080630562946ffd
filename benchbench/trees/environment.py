"""What a search goes over: prefixes of steps, what may follow them, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from benchbench.core.rollout import RolloutResponse


class Continuation(NamedTuple):
    """One step that may follow a prefix."""

    response: RolloutResponse
    """Its token ids; `end` is the token that ended the step: a separator, or at the last step the end of the text."""
    logp: float
    """Sum over its tokens of their log-probabilities under the policy that drew it, in nats."""
    is_final: bool = False
    """Whether the text ends with it, so that nothing may follow."""


Prefix = tuple[Continuation, ...]
"""Steps from the prompt on; empty at the root."""


class Environment(Protocol):
    """A policy and a judge of unfinished texts, for one prompt.

    Everything that is drawn is drawn from a stream of the name that is passed, so a search repeats itself.
    """

    def propose(self, prefixes: Sequence[Prefix], names: Sequence[str]) -> Sequence[Sequence[Continuation]]:
        """Continuations of each prefix, none of which is final; as many as the environment likes, or none.

        Args:
            prefixes: what has been chosen so far.
            names: one for each, which names its draws: `root`, or the places from the root on, such as `root.2.0`.
        """
        ...

    def values(self, prefixes: Sequence[Prefix]) -> Sequence[float]:
        """What each prefix is worth, higher is better; any finite number."""
        ...


def name_of(places: Sequence[int]) -> str:
    """The name of the draws below a node: the places of the steps that lead to it, each among its siblings."""
    return ".".join(["root", *map(str, places)])


def tokens_of(prefix: Prefix) -> tuple[int, ...]:
    """The token ids of a prefix, with what ended each step."""
    return tuple(token for continuation in prefix for token in continuation.response.scored)
