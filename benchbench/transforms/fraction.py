"""A fraction of the examples, for curves of how much a method gains from more data.

Every example draws one uniform number of its own, and those with the smallest stay: a larger fraction keeps the same
examples and some more, so that the points of a curve are nested. Examples of some groups alone make another mix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_within
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import draws_of, number_of

_ROUNDING = 1e-9
"""What a product such as 0.29 * 100 may fall below the whole number that it stands for."""


@dataclass(frozen=True)
class Options:
    """Which part of the examples stays.

    Raises:
        ValueError: a fraction outside (0, 1], or a column without values, or the other way round.
    """

    fraction: float
    """Share of the examples that stays, in (0, 1]; a part of an example is rounded down."""
    column: str | None = None
    """Column with a number per example that says which group it belongs to; none where all examples are one mix."""
    values: list[float] = field(default_factory=list)
    """Numbers of the groups that the fraction is taken of; others are left out. Read with `column`, and then given."""

    def __post_init__(self) -> None:
        require_within(self, "fraction", "(0, 1]", what="share")
        if (self.column is None) != (not self.values):
            raise ValueError("values: expected together with column, and only then")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The examples that stay, in their order; the groups are chosen first, then the fraction of what they hold."""
    column, wanted = options.column, set(options.values)
    mix = [e for e in examples if column is None or number_of(e, column) in wanted]
    draws = {example.id: draws_of(seed, "fraction", example).random() for example in mix}
    count = math.floor(options.fraction * len(mix) + _ROUNDING)
    stays = set(sorted(draws, key=lambda name: (draws[name], name))[:count])
    dropped = {"of another group": len(examples) - len(mix), "outside the fraction": len(mix) - count}
    return [example for example in mix if example.id in stays], Counts(dropped)


TRANSFORM = Transform(
    name="fraction",
    options=Options,
    apply=apply,
    reads=lambda options: () if options.column is None else (Column(options.column, per="example", missing="keep"),),
    random=True,
    paper=Paper(
        "Bernardelle and Demartini",
        2024,
        arxiv="2410.16586",
        title="Optimizing LLMs with Direct Preferences: A Data Efficiency Perspective",
    ),
)
