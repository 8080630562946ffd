"""A subset of the pairs in which length says nothing: the longer response is as often chosen as rejected.

Pairs of the more frequent kind are left out at random until both kinds are equally many; pairs of equal length stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates
from benchbench.core.ranges import require_at_least
from benchbench.core.seeding import stream
from benchbench.core.transform import Counts, Transform, Transformed


@dataclass(frozen=True)
class Options:
    """How length is measured, and from which difference on it counts.

    Raises:
        ValueError: a tolerance below 0.
    """

    unit: Literal["words", "characters"] = "words"
    """What is counted; words are what white space separates."""
    tolerance: int = 0
    """Responses whose lengths differ by no more count as equally long, >= 0."""

    def __post_init__(self) -> None:
        require_at_least(self, 0, "tolerance")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The pairs that stay, in their order."""
    longer: dict[str, list[int]] = {"chosen": [], "rejected": []}
    for place, example in enumerate(examples):
        chosen, rejected = (len(c.split()) if options.unit == "words" else len(c) for c in example.candidates)
        if abs(chosen - rejected) > options.tolerance:
            longer["chosen" if chosen > rejected else "rejected"].append(place)
    side = max(longer, key=lambda name: len(longer[name]))
    excess = len(longer[side]) - min(len(places) for places in longer.values())
    order = stream(seed, "length_balanced").permutation(len(longer[side])).tolist()
    leaves = {longer[side][k] for k in order[:excess]}
    stays = [example for place, example in enumerate(examples) if place not in leaves]
    return stays, Counts({f"drawn out of the pairs with the longer response {side}": excess})


TRANSFORM = Transform(
    name="length_balanced", options=Options, apply=apply, candidates=Candidates.PAIR, needs_order=True, random=True
)
