"""A tree that is written down: every prefix has a value that a reader can see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from benchbench.core.rollout import RolloutResponse
from benchbench.core.search import Children, Continuation, Expansion, Prefix, Searching, SearchResult
from benchbench.trees.driver import searched_together
from benchbench.trees.mcts import TreeSearch, mcts
from benchbench.trees.step_beam import step_beam

STOP = 9


def spelled(prefix: Prefix) -> str:
    """The letters of the steps, such as `AB`."""
    return "".join(step.response.text for step in prefix)


def step(letter: str, probability: float, *, is_final: bool) -> Continuation:
    """A step of one token, the letter's number, and the token that ends it."""
    response = RolloutResponse((ord(letter) - ord("A"),), STOP, "stop", "policy", letter)
    return Continuation(response, 2 * math.log(probability), is_final)


class Forest:
    """Values by spelling; a spelling that no other continues is final. Two scored tokens a step."""

    def __init__(self, values: Mapping[str, float], priors: Mapping[str, float] | None = None) -> None:
        self._values, self._priors = values, priors or {}
        self.names: list[str] = []
        """Every name under which something was drawn, in order."""
        self.calls = 0

    def _below(self, spelling: str) -> list[str]:
        return [s for s in self._values if len(s) == len(spelling) + 1 and s.startswith(spelling)]

    def propose(self, prefixes: Sequence[Prefix], names: Sequence[str]) -> list[list[Continuation]]:
        self.names += names
        self.calls += 1
        return [
            [step(s[-1], self._priors.get(s, 0.5), is_final=not self._below(s)) for s in self._below(spelled(prefix))]
            for prefix in prefixes
        ]

    def value(self, prefix: Prefix) -> float:
        return self._values[spelled(prefix)]


def searched(searching: Searching, forest: Forest) -> SearchResult:
    """The result of one search in a forest."""
    return searched_together([searching], lambda questions: [_children(forest, questions[0][1])])[0]


def _children(forest: Forest, expansion: Expansion) -> Children:
    """All continuations of the prefixes, with their values."""
    proposals = forest.propose(expansion.prefixes, expansion.names)
    return [
        [(step, forest.value((*prefix, step))) for step in steps]
        for prefix, steps in zip(expansion.prefixes, proposals, strict=True)
    ]


def beam_of(forest: Forest, **options: Any) -> SearchResult:
    """What a step beam finds."""
    return searched(step_beam(**options), forest)


def mcts_of(forest: Forest, search: TreeSearch) -> SearchResult:
    """What Monte Carlo tree search finds."""
    return searched(mcts(search), forest)
