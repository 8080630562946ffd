"""Several parts of the toy world's gold reward at once, each a reward of its own beside the whole.

Methods with several objectives read the parts, in the order of the option; whatever reads one score reads the whole
gold reward.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import batches, scored
from benchbench.oracles._toy import gold_parts_of_group, require_parts, worth
from benchbench.sources.toy.annotator import TEMPERATURE


@dataclass(frozen=True)
class Options:
    """Which parts, and how the whole reward becomes probabilities.

    Raises:
        ValueError: no part, one that there is not, or tau not above 0.
    """

    parts: tuple[str, ...] = ("overlap", "manner", "brevity")
    """The rewards in their order: some of `overlap`, `exact`, `explanation`, `manner`, `brevity`."""
    tau: float = TEMPERATURE
    """Difference of gold rewards that is one logit of a preference, > 0; the toy annotator's own is 0.5."""

    def __post_init__(self) -> None:
        require_parts(self.parts)
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The parts of every response, each at least 0, and its gold reward; an unreadable one is worth -2 throughout.

    Raises:
        BenchError: a prompt that is not of the toy world.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            every = gold_parts_of_group(groups[place], "gold_objectives")
            objectives = tuple(tuple(worth(of, part) for part in options.parts) for of in every)
            yield place, replace(scored([of.reward for of in every], tau=options.tau), objectives=objectives)


ORACLE = Oracle(
    name="gold_objectives",
    options=Options,
    gives="scores",
    label=label,
    objectives=lambda options: options.parts,
    source="toy",
)
