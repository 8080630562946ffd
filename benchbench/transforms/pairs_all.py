"""All pairs of candidates with different scores; K candidates make up to K (K - 1) / 2 pairs of one prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from benchbench.core.example import Example
from benchbench.core.method import Column
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates


@dataclass(frozen=True)
class Options:
    """Which scores decide."""

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs `ID-w-l` of the candidates at places w (chosen) and l, in order of places; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        ordered = ((a, b) if scores[a] > scores[b] else (b, a) for a, b in combinations(range(len(scores)), 2))
        pairs = [
            with_candidates(example, (w, lower), name=f"{example.id}-{w}-{lower}")
            for w, lower in ordered
            if scores[w] != scores[lower]
        ]
        return pairs or "all scores equal"

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_all",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    sets_order=lambda options: True,
)
