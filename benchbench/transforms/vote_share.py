"""The share of several annotators who prefer the first response of a pair.

Each annotator is a column: 1 for the first response, 0 for the second, one half for neither, missing where not voted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, number_of, with_candidates, with_columns


@dataclass(frozen=True)
class Options:
    """Whose votes are counted, and what they decide.

    Raises:
        ValueError: no annotator, or one twice, or a number of votes that there cannot be.
    """

    voters: list[str]
    """Names of the annotators' columns, each a number per example in [0, 1]."""
    min_votes: int = 1
    """Pairs with fewer votes are left out, >= 1."""
    majority_first: bool = True
    """Put the response that the majority prefers first; a tie keeps the order and is counted."""

    def __post_init__(self) -> None:
        if not self.voters or len({*self.voters}) < len(self.voters):
            raise ValueError(f"voters: expected one or more different columns, got {self.voters}")
        if not 1 <= self.min_votes <= len(self.voters):
            raise ValueError(f"min_votes: expected 1 to {len(self.voters)}, got {self.min_votes}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs with `p_votes` in [0, 1], the share for the response that is first now; the seed is not read."""
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        votes = [vote for name in options.voters if (vote := number_of(example, name)) == vote]
        if len(votes) < options.min_votes:
            return "too few votes"
        share = math.fsum(votes) / len(votes)
        exchange = options.majority_first and share < 0.5
        remarks["majority for the second response, exchanged"] += exchange
        remarks["votes tied"] += share == 0.5
        pair = with_candidates(example, (1, 0) if exchange else (0, 1))
        return [with_columns(pair, p_votes=1 - share if exchange else share)]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="vote_share",
    options=Options,
    apply=apply,
    reads=lambda options: tuple(Column(name, low=0.0, high=1.0, missing="keep") for name in options.voters),
    makes_columns=("p_votes",),
    candidates=Candidates.PAIR,
    sets_order=lambda options: options.majority_first,
    paper=Paper(
        "Le et al.",
        2024,
        arxiv="2405.15230",
        title="iREPO: implicit Reward Pairwise Difference based Empirical Preference Optimization",
    ),
)
