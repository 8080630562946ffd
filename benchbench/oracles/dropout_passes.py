"""The recipe's reward model in several passes with dropout: how sure it is of what it says (UPO).

The score of a response is its mean over the passes; the columns `pass_1`, `pass_2`, ... have each pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.method import Paper
from benchbench.core.oracle import DropoutPasses, Oracle, OracleContext
from benchbench.core.ranges import require_above_zero, require_at_least, require_at_least_zero, require_within
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches, mean, scored


@dataclass(frozen=True)
class Options:
    """How often the model is asked, and with which dropout.

    Raises:
        ValueError: a number out of its range.
    """

    passes: int = 10
    """Passes with dropout, >= 2; 10 is the authors' number."""
    dropout: float = 0.1
    """Every dropout probability of the reward model in these passes, in (0, 1)."""
    draw_seed: int = 0
    """Seed of the masks, not the training seed."""
    tau: float = 1.0
    """Difference of rewards that is one logit of a preference, > 0, in the reward model's units."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "passes")
        require_within(self, "dropout", "(0, 1)", what="probability")
        require_at_least_zero(self, "draw_seed")
        require_above_zero(self, "tau")


def pass_columns(values: Sequence[Sequence[float]]) -> dict[str, tuple[float, ...]]:
    """Name -> [K] what a pass says of each response; `values` is [K][n]."""
    return {f"pass_{number + 1}": row for number, row in enumerate(zip(*values, strict=True))}


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """Mean reward of every response and what each pass says; a response counts as one answer."""
    for places in batches(len(groups), BATCH, context):
        rewards = context.models["reward_model"]([groups[place] for place in places])
        for place, of_group in zip(places, rewards, strict=True):
            yield place, scored([mean(row) for row in of_group], tau=options.tau, columns=pass_columns(of_group))


ORACLE = Oracle(
    name="dropout_passes",
    options=Options,
    gives="scores",
    label=label,
    models=frozenset({"reward_model"}),
    dropout=lambda options: DropoutPasses(options.passes, options.dropout, options.draw_seed),
    kind="model",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2409.11212",
        title="Self-Evolutionary Large Language Models through Uncertainty-Enhanced Preference Optimization",
        note="Their estimator is a classifier of pairs of its own; here it is the recipe's reward model.",
    ),
)
