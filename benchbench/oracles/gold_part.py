"""One part of the toy world's gold reward per round: whether the answer is right, and then whether it is polite.

Sequential alignment of several dimensions (arXiv:2405.12739) has one set of labels for each dimension, and each round
is trained on one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import batches, scored
from benchbench.oracles._toy import gold_parts_of_group, require_parts, worth
from benchbench.sources.toy.annotator import TEMPERATURE


@dataclass(frozen=True)
class Options:
    """Which parts, and how they become probabilities.

    Raises:
        ValueError: no part, one that there is not, or tau not above 0.
    """

    parts: tuple[str, ...] = ("overlap", "manner")
    """The part that each round goes by, beginning again where the list ends: `overlap`, `exact`, `explanation`,
    `manner` or `brevity`."""
    tau: float = TEMPERATURE
    """Difference of parts that is one logit of a preference, > 0."""

    def __post_init__(self) -> None:
        require_parts(self.parts)
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The round's part of every response, at least 0; an unreadable one is worth -2.

    Raises:
        BenchError: a prompt that is not of the toy world.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            part = options.parts[(groups[place].round - 1) % len(options.parts)]
            parts = gold_parts_of_group(groups[place], "gold_part")
            yield place, scored([worth(of, part) for of in parts], tau=options.tau)


ORACLE = Oracle(name="gold_part", options=Options, gives="scores", label=label, source="toy", version=2)
