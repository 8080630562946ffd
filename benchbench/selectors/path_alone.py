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
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.search import ON_PATH
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORE, each_group, several


@dataclass(frozen=True)
class Options:
    """Which responses are good enough."""

    path: str = ON_PATH
    """Column of the labels that is 1 for the response on the path."""
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
        marks = of_group.columns.get(options.path)
        if marks is None:
            return f"no column '{options.path}'"
        chosen = [place for place in range(count) if marks[place] == 1][:1]
        if not chosen:
            return "no response on the path"
        if options.cut == "drop" and group.responses[chosen[0]].is_cut:
            return "the path was cut"
        score = of_group.score(chosen[0], count)
        if score is None or (options.above is not None and score <= options.above):
            return "the path has no score above the limit"
        return (several(of_group, chosen, count),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="path_alone",
    options=Options,
    select=select,
    candidates=Candidates.ANY,
    needs_search=True,
    makes_columns=(SCORE,),
)
