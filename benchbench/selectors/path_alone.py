"""The response on the path that a search chose, alone in its row: demonstrations for losses of a single response.

With whole paths as groups it is the control of chain of preference (arXiv:2406.09136) that is trained on the selected
chains by likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.method import Candidates
from benchbench.core.rollout import Group, Labels, Pick, by_score
from benchbench.core.search import ON_PATH
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORE, each_group, several


@dataclass(frozen=True)
class Options:
    """Which responses are good enough."""

    path: str = ON_PATH
    """Column of the labels that is 1 for the response on the path; empty: the first of the highest score is on it."""
    cut: Literal["keep", "drop"] = "drop"
    """Responses that were cut: `keep` uses them, `drop` leaves them out."""
    above: float | None = None
    """Only responses whose score is above this; none takes any."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """At most one row of each group, with one candidate; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        count = len(group.responses)
        if options.path and options.path not in of_group.columns:
            return f"no column '{options.path}'"
        places = [k for k in range(count) if options.cut == "keep" or not group.responses[k].is_cut]
        scored = by_score(of_group, places, count)
        if options.path:
            marks = of_group.columns[options.path]
            scored = [(place, score) for place, score in scored if marks[place] == 1]
        if not scored:
            return "no response on the path that has a score and was not cut"
        place, score = scored[0]
        if options.above is not None and score <= options.above:
            return "the path has no score above the limit"
        return (several(of_group, (place,), count),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="path_alone",
    options=Options,
    select=select,
    candidates=Candidates.ONE,
    needs_search=True,
    reads_columns=lambda options: (options.path,) if options.path else (),
    fewest=lambda options: 1,
    makes_columns=(SCORE,),
)
