"""The toy world's own reward: every response's worth is known exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import batches, scored
from benchbench.oracles._toy import gold_of_group
from benchbench.sources.toy.annotator import TEMPERATURE


@dataclass(frozen=True)
class Options:
    """How rewards become probabilities.

    Raises:
        ValueError: tau not above 0.
    """

    tau: float = TEMPERATURE
    """Difference of gold rewards that is one logit of a preference, > 0; the toy annotator's own is 0.5."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The gold reward of every response.

    Raises:
        BenchError: a prompt that is not of the toy world.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            yield place, scored(gold_of_group(groups[place], "gold"), tau=options.tau)


ORACLE = Oracle(name="gold", options=Options, gives="scores", label=label, source="toy")
