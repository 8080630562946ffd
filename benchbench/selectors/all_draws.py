"""All responses of every group as one row, whatever they are worth: no oracle is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Candidates
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import without_labels


@dataclass(frozen=True)
class Options:
    """There are none: nothing of the draws is judged or left out."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One row per group, its responses in the order in which they were drawn."""

    def rule(group: Group) -> tuple[Pick, ...] | str:
        count = len(group.responses)
        return (Pick(tuple(range(count)), {}),) if count > 1 else "fewer than two responses"

    return without_labels(groups, rule)


SELECTOR = Selector(
    name="all_draws",
    options=Options,
    select=select,
    candidates=Candidates.ANY,
    needs_labels=False,
    keeps_draws=lambda options: True,
)
