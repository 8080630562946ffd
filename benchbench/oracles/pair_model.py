"""A preference model of pairs: the recipe's reward model asked about two responses at a time.

A reward objective such as `gpm` scores a response against the others of its prompt, with a preference that may run in
circles; among two, the difference of their scores is its preference of the first over the second. With a reward model
of single responses this is the same as `reward_stage`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from benchbench.core.logistic import sigmoid
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches

PREFERENCE_SCORE = "preference_score"


@dataclass(frozen=True)
class Options:
    """How preferences become probabilities.

    Raises:
        ValueError: tau not above 0.
    """

    tau: float = 1.0
    """Difference of scores that is one logit of a preference, > 0; `gpm` has its own tau inside its scores."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """A probability for every pair of responses; what was cut is compared as it is.

    The column `preference_score` is a response's mean score over all of the group, itself as 0, which GPO regresses on
    (arXiv:2410.02197, eq. 5.2).
    """
    for places in batches(len(groups), BATCH, context):
        pairs = [(place, *ij) for place in places for ij in combinations(range(len(groups[place].responses)), 2)]
        duels = [
            replace(groups[place], responses=(groups[place].responses[i], groups[place].responses[j]))
            for place, i, j in pairs
        ]
        wins: dict[int, dict[tuple[int, int], float]] = {place: {} for place in places}
        sums = {place: [0.0] * len(groups[place].responses) for place in places}
        for (place, i, j), ((first,), (second,)) in zip(pairs, context.models["reward_model"](duels), strict=True):
            wins[place][i, j] = sigmoid((first - second) / options.tau)
            sums[place][i] += first - second
            sums[place][j] -= first - second
        for place in places:
            means = tuple(total / len(sums[place]) for total in sums[place])
            yield place, Labels(wins=wins[place], answers=len(wins[place]), columns={PREFERENCE_SCORE: means})


ORACLE = Oracle(
    name="pair_model",
    options=Options,
    gives="wins",
    label=label,
    models=frozenset({"reward_model"}),
    makes_columns=(PREFERENCE_SCORE,),
    kind="model",
    version=2,
)
