"""Preference labels flipped at random, to study label noise: chosen and rejected change places.

Every example draws one uniform number of its own, so a higher rate flips the same pairs and some more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates
from benchbench.core.ranges import require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import draws_of, expand, with_candidates, with_columns


@dataclass(frozen=True)
class Options:
    """How many labels are flipped.

    Raises:
        ValueError: a rate outside [0, 1].
    """

    rate: float
    """Probability that a pair's label is flipped, in [0, 1]."""

    def __post_init__(self) -> None:
        require_within(self, "rate", "[0, 1]", what="probability")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair, with the column `flipped`: 1 where its label was flipped, else 0."""
    flips: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example]:
        flip = bool(draws_of(seed, "flip_labels", example).random() < options.rate)
        flips["label flipped"] += flip
        return [with_columns(with_candidates(example, (1, 0) if flip else (0, 1)), flipped=float(flip))]

    return expand(examples, rule, changed=flips)


TRANSFORM = Transform(
    name="flip_labels",
    options=Options,
    apply=apply,
    makes_columns=("flipped",),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
)
