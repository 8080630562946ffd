"""Candidates accepted as draws from the reward-tilted policy, then paired (RSO).

Statistical rejection sampling: in passes over the candidates that are not accepted yet, in the order of the data, a
candidate is accepted with probability exp((r - r_max) / beta), where r_max is the highest reward of those left at the
beginning of the pass. Accepted candidates are paired as they were accepted (first with second, and so on), and the
reward says which of the two is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least, require_at_least_zero
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, scores_of, with_candidates
from benchbench.data.picking import accepted, neighbours


@dataclass(frozen=True)
class Options:
    """How many candidates are accepted, and how strictly.

    Raises:
        ValueError: a value out of its range.
    """

    score: str = "score"
    """Column with a reward per candidate; `score` stands for the data's own ratings."""
    accept: int = 8
    """Candidates to accept per prompt, >= 2; where a prompt has fewer, all."""
    beta: float = 0.5
    """Temperature of acceptance, >= 0, in the unit of the reward; 0 takes the best ones, a large value any."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "accept")
        require_at_least_zero(self, "beta")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Up to accept / 2 pairs `ID-0`, `ID-1`, ... per example; two equal rewards make no pair."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        draws = draws_of(seed, "pairs_rejection_sampling", example)
        places = accepted(scores, options.accept, options.beta, draws)
        pairs = [
            with_candidates(example, (a, b) if scores[a] > scores[b] else (b, a), name=f"{example.id}-{number}")
            for number, (a, b) in enumerate(neighbours(places))
            if scores[a] != scores[b]
        ]
        return pairs or "no two accepted candidates with different scores"

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_rejection_sampling",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    sets_order=lambda options: True,
    random=True,
    paper=Paper(
        "Liu et al.", 2023, arxiv="2309.06657", title="Statistical Rejection Sampling Improves Preference Optimization"
    ),
    open_question="How the accepted candidates are paired was not verified; here neighbours, as they were accepted.",
)
