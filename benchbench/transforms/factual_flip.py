"""Pairs whose chosen response violates the facts and whose rejected one does not change places (F-DPO).

With h = 1 for a response with a factual violation, every pair then has h_rejected - h_chosen of 0 or 1, which the loss
reads as a margin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates


@dataclass(frozen=True)
class Options:
    """Where the violations stand."""

    violation: str = "violation"
    """Column with a number per candidate: 1 where the response violates the facts, else 0."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair whose violations are known; the seed is not read."""
    flips: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        violations = scores_of(example, options.violation)
        if violations is None:
            return "violation missing"
        if not {*violations} <= {0.0, 1.0}:
            return "violation neither 0 nor 1"
        flip = violations == (1.0, 0.0)
        flips["chosen violated the facts alone, pair flipped"] += flip
        flips["only the rejected response violates the facts"] += violations[0] != violations[1]
        return [with_candidates(example, (1, 0) if flip else (0, 1))]

    return expand(examples, rule, changed=flips)


TRANSFORM = Transform(
    name="factual_flip",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.violation, low=0.0, high=1.0, per="candidate", missing="keep"),),
    candidates=Candidates.PAIR,
    paper=Paper(
        "Chaduvula et al.",
        2026,
        arxiv="2601.03027",
        title="Reducing Hallucinations in LLMs via Factuality-Aware Preference Learning",
        note="Read from the repository VectorInstitute/Factual-Preference-Alignment.",
    ),
)
