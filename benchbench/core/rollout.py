"""Rollout: responses drawn for training, as token ids, and what is said of them before a method is trained on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchbench.core.example import Message
from benchbench.core.logistic import sigmoid

DATA = "data"
"""Source of a response that nobody drew: the split's own candidate."""


class RolloutResponse(NamedTuple):
    """One response; it is never decoded and encoded again on its way to training."""

    tokens: tuple[int, ...]
    """Token ids, without the prompt and without the token that ended it."""
    end: int | None
    """The token that ended it; none where none did, so that training never teaches to stop there."""
    finish: str
    """`stop`, `length`, `control_token` or `no_token`, as `core.generation.Generation` has it; `data` for one of the
    split's candidates."""
    source: str
    """The sampler's arm that drew it, or `data`."""
    text: str
    """Its text, for oracles that read texts and for people."""
    observed: tuple[tuple[int, int], ...] = ()
    """Half-open ranges of its tokens that a tool wrote, or that the split masks: read by what follows, never scored."""

    @property
    def scored(self) -> tuple[int, ...]:
        """The token ids that training scores: those of the response, and the token that ended it if one did."""
        return self.tokens if self.end is None else (*self.tokens, self.end)

    @property
    def scored_count(self) -> int:
        """How many of them training scores, what a tool wrote left out."""
        return len(self.scored) - self._observed_count

    @property
    def drawn_count(self) -> int:
        """Tokens that a policy drew, without the one that ended them and without what a tool wrote."""
        return len(self.tokens) - self._observed_count

    @property
    def _observed_count(self) -> int:
        return sum(stop - start for start, stop in self.observed)

    @property
    def is_cut(self) -> bool:
        """Whether it was drawn and did not come to its own end."""
        return self.end is None and self.source != DATA


@dataclass(frozen=True)
class Group:
    """One prompt and the responses to it, in the order in which the sampler's arms draw them."""

    example: str
    """Id of the example that the prompt is from."""
    round: int
    """From 1."""
    prompt: tuple[int, ...]
    """Token ids."""
    messages: tuple[Message, ...]
    """The conversation that the prompt was encoded from."""
    responses: tuple[RolloutResponse, ...]
    prefix: tuple[int, ...] = ()
    """Token ids of what was chosen already, such as the steps above siblings of a tree; context, never scored."""
    columns: Mapping[str, float | str] = field(default_factory=dict)
    """What the example says of itself, such as its `answer`; read by verifiers."""
    search_labels: Labels | None = None
    """What the search that drew the responses says of them; none where none did."""


@dataclass(frozen=True)
class Labels:
    """What an oracle says of one group.

    Raises:
        ValueError: neither scores nor wins, or a probability outside [0, 1].
    """

    scores: tuple[float | None, ...] | None = None
    """[K] higher is better; none where the oracle had no answer."""
    wins: Mapping[tuple[int, int], float] | None = None
    """(i, j) -> probability in [0, 1] that response i is preferred to j; a pair stands once, in either order."""
    answers: int = 0
    """Answers that it took: responses scored, or pairs compared; what a budget of labels counts."""
    columns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Name -> [K] further numbers, which training rows keep."""
    objectives: tuple[tuple[float, ...], ...] | None = None
    """[K] the several rewards of each response, in the oracle's order; none where it has one."""
    tau: float = 1.0
    """Difference of scores that is one logit of a win, in the scores' units; > 0."""

    def __post_init__(self) -> None:
        if self.scores is None and self.wins is None:
            raise ValueError("expected scores, wins, or both; got neither")
        for pair, probability in (self.wins or {}).items():
            if not 0 <= probability <= 1:
                raise ValueError(f"wins {pair}: expected a probability in [0, 1], got {probability}")

    def win(self, i: int, j: int) -> float | None:
        """Probability that response i is preferred to response j; none where it is unknown.

        Without a comparison of the two it is sigmoid((score i - score j) / tau).
        """
        if i == j:
            return 0.5
        if self.wins is not None:
            if (i, j) in self.wins:
                return self.wins[i, j]
            if (j, i) in self.wins:
                return 1 - self.wins[j, i]
        if self.scores is None:
            return None
        first, second = self.scores[i], self.scores[j]
        if first is None or second is None:
            return None
        return sigmoid((first - second) / self.tau)

    def score(self, i: int, responses: int) -> float | None:
        """The score of response i; without scores its mean win over the others of so many; none where unknown.

        The mean over others is the reward of SPO (arXiv:2401.04056); SPPO's estimate counts the response itself
        as one half, which `win_against_all` gives.
        """
        if self.scores is not None:
            return self.scores[i]
        return _mean([self.win(i, j) for j in range(responses) if j != i])

    def win_against_all(self, i: int, responses: int) -> float | None:
        """Mean win of response i over those of so many responses that it is compared with, itself as one half.

        None where nobody compared it with another.
        """
        wins = [win for j in range(responses) if (win := self.win(i, j)) is not None]
        return _mean(wins) if len(wins) > 1 or responses == 1 else None


class Pick(NamedTuple):
    """One training row of a group."""

    places: tuple[int, ...]
    """Which of the group's responses are its candidates, the preferred one first where there is an order."""
    columns: Mapping[str, float | tuple[float, ...]]
    """Further numbers of the row, one each or one per candidate."""


def by_score(labels: Labels, places: Sequence[int], responses: int) -> list[tuple[int, float]]:
    """(place, score) of those responses that have a score, best first; equal scores in the order of their places."""
    scored = [(place, labels.score(place, responses)) for place in places]
    return sorted(((place, score) for place, score in scored if score is not None), key=lambda pair: -pair[1])


def _mean(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return math.fsum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else None
