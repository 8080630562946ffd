"""Log density ratio of a better aligned policy to a less aligned one, here the round's policy to the reference.

Density ratios as rewards: Dr.SoW (arXiv:2411.02481), whose two models are a strong and a weak one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches, mean, scored


@dataclass(frozen=True)
class Options:
    """How tokens are gathered, and the scale of preferences.

    Raises:
        ValueError: tau not above 0.
    """

    over: Literal["mean", "sum"] = "mean"
    """The log-ratio per scored token, or of the whole response."""
    tau: float = 1.0
    """Difference of ratios that is one logit of a preference, > 0, in nats."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The log-ratio of every response in nats; a response without a scored token has none."""
    for places in batches(len(groups), BATCH, context):
        batch = [groups[place] for place in places]
        both = zip(places, context.models["policy"](batch), context.models["reference"](batch), strict=True)
        for place, strong, weak in both:
            ratios = [[a - b for a, b in zip(*tokens, strict=True)] for tokens in zip(strong, weak, strict=True)]
            means = [mean(ratio) for ratio in ratios]
            if options.over == "sum":
                means = [None if m is None else m * len(ratio) for m, ratio in zip(means, ratios, strict=True)]
            yield place, scored(means, tau=options.tau)


ORACLE = Oracle(
    name="density_ratio",
    options=Options,
    gives="scores",
    label=label,
    models=frozenset({"policy", "reference"}),
    kind="model",
    open_question="Whether the paper sums or averages over tokens, and its criteria in the prompt, were not read.",
)
