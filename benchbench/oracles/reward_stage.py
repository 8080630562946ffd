"""The recipe's reward model: one number for each response, higher is better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches, scored


@dataclass(frozen=True)
class Options:
    """How rewards become probabilities.

    Raises:
        ValueError: tau not above 0.
    """

    tau: float = 1.0
    """Difference of rewards that is one logit of a preference, > 0, in the reward model's units."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The reward of every response; what was cut is scored as it is."""
    for places in batches(len(groups), BATCH, context):
        rewards = context.models["reward_model"]([groups[place] for place in places])
        for place, of_group in zip(places, rewards, strict=True):
            yield place, scored([reward for (reward,) in of_group], tau=options.tau)


ORACLE = Oracle(
    name="reward_stage",
    options=Options,
    gives="scores",
    label=label,
    models=frozenset({"reward_model"}),
    kind="model",
)
