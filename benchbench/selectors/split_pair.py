"""The split's own pair as it is: with it, a round is offline training on the data of the split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.rollout import DATA, Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import without_labels


@dataclass(frozen=True)
class Options:
    """There are none: nothing of the pair is judged, drawn or left out."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """The two candidates of the split, the first as the preferred one; neither ties nor equal texts are dropped."""

    def rule(group: Group) -> tuple[Pick, ...] | str:
        places = tuple(place for place, response in enumerate(group.responses) if response.source == DATA)
        return (Pick(places, {}),) if len(places) == 2 else f"{len(places)} candidates of the split, expected 2"

    return without_labels(groups, rule)


SELECTOR = Selector(
    name="split_pair",
    options=Options,
    select=select,
    needs_labels=False,
    needs_data=lambda options: True,
    split_candidates=2,
)
