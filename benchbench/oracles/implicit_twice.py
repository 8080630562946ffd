"""Two models' rewards of every response: the policy's own, and beside it that of the policy of the round before.

Self-rewarding training such as CREAM (arXiv:2410.12735) ranks draws by the first and trusts the ranking as far as the
second agrees. In the first round there is no policy before, and the two are equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches, mean, scored

REWARD_BEFORE = "reward_before"


@dataclass(frozen=True)
class Options:
    """Which form, and the scale of preferences.

    Raises:
        ValueError: tau not above 0.
    """

    form: Literal["mean_log_prob", "log_ratio"] = "mean_log_prob"
    """`mean_log_prob`: the mean of a model's log-probabilities over the scored tokens; `log_ratio`: the sum of them
    less the reference's, which in the first round is 0 for every response, so that none is better than another."""
    tau: float = 1.0
    """Difference of rewards that is one logit of a preference, > 0, in nats."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The policy's reward of every response, and as column `reward_before` that of the policy before, in nats.

    A group with a response that has no scored token gets no reward at all, since nothing ranks it.
    """
    for places in batches(len(groups), BATCH, context):
        batch = [groups[place] for place in places]
        logps = {name: context.models[name](batch) for name in ("policy", "previous", "reference")}
        for number, place in enumerate(places):
            reference = logps["reference"][number]
            now, before = (_rewards(options, logps[name][number], reference) for name in ("policy", "previous"))
            if all(logps["policy"][number]):
                yield place, scored(now, tau=options.tau, columns={REWARD_BEFORE: before})
            else:
                yield place, scored([None] * len(now), tau=options.tau, columns={REWARD_BEFORE: [0.0] * len(now)})


def _rewards(options: Options, policy: Sequence[list[float]], reference: Sequence[list[float]]) -> list[float]:
    """[K] the reward of each response; 0 for one without a scored token."""
    if options.form == "mean_log_prob":
        return [mean(tokens) or 0.0 for tokens in policy]
    return [math.fsum(p) - math.fsum(r) for p, r in zip(policy, reference, strict=True)]


ORACLE = Oracle(
    name="implicit_twice",
    options=Options,
    gives="scores",
    label=label,
    models=frozenset({"policy", "previous", "reference"}),
    makes_columns=(REWARD_BEFORE,),
    kind="model",
)
