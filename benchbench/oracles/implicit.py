"""The policy's own implicit reward: beta times its log-ratio to the reference, or its mean log-probability.

Self-rewarding methods such as CREAM (arXiv:2410.12735) rank draws by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches, mean, scored


@dataclass(frozen=True)
class Options:
    """Which form, and its scale.

    Raises:
        ValueError: a value out of its range.
    """

    form: Literal["log_ratio", "mean_log_prob"] = "log_ratio"
    """`log_ratio`: beta x (sum of the policy's log-probabilities - sum of the reference's); `mean_log_prob`: the mean
    of the policy's log-probabilities over the scored tokens, without the reference."""
    beta: float = 0.1
    """What the log-ratio is multiplied with, > 0; not read by `mean_log_prob`. The beta of the loss is not read here:
    write `method.hyper.beta` again where it is another than DPO's 0.1."""
    tau: float = 1.0
    """Difference of rewards that is one logit of a preference, > 0."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "tau")
        unread = self.form == "mean_log_prob" and self.beta != 0.1
        require(not unread, "beta", "none beside form mean_log_prob, which does not read it", self.beta)


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The implicit reward of every response, in nats (times beta); a response without a scored token has none."""
    for places in batches(len(groups), BATCH, context):
        batch = [groups[place] for place in places]
        policy = context.models["policy"](batch)
        if options.form == "mean_log_prob":
            rewards = [[mean(tokens) for tokens in of_group] for of_group in policy]
        else:
            rewards = [
                [options.beta * (math.fsum(p) - math.fsum(r)) if p else None for p, r in zip(*both, strict=True)]
                for both in zip(policy, context.models["reference"](batch), strict=True)
            ]
        for place, of_group in zip(places, rewards, strict=True):
            yield place, scored(of_group, tau=options.tau)


ORACLE = Oracle(
    name="implicit",
    options=Options,
    gives="scores",
    label=label,
    models=frozenset({"policy", "reference"}),
    kind="model",
)
