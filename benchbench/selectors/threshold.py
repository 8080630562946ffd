"""Every pair whose preferred response is preferred with a probability above a threshold (RS-DPO).

With scores, (w, l) is a row where sigmoid((s_w - s_l) / tau) > eta, tau being the oracle's; with comparisons, where the
probability of the comparison is above eta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.ranges import require_within
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORED_COLUMNS, WIN_COLUMNS, Cut, Untied, compared_pairs, each_group, pair


@dataclass(frozen=True)
class Options:
    """The threshold, and what becomes of responses that were cut.

    Raises:
        ValueError: a threshold out of its range.
    """

    eta: float = 0.85
    """Probability that a pair must lie above, in [0.5, 1); with tau 1 and 0.85 the scores differ by more than 1.735."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_within(self, "eta", "[0.5, 1)", what="probability")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """The pairs of every group in order of places; a group can have several or none; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        if isinstance(pairs := compared_pairs(group, of_group, Untied(options.cut)), str):
            return pairs
        rows = tuple(
            pair(of_group, w, lower, len(group.responses))
            for w, lower in pairs
            if (of_group.win(w, lower) or 0.0) > options.eta
        )
        return rows or "no pair above the threshold"

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="threshold",
    options=Options,
    select=select,
    makes_columns=WIN_COLUMNS,
    makes_scored_columns=SCORED_COLUMNS,
    paper=Paper(
        "Khaki et al.",
        2024,
        arxiv="2402.10038",
        title=(
            "RS-DPO: A Hybrid Rejection Sampling and Direct Preference Optimization Method for Alignment of Large "
            "Language Models"
        ),
        note="Rule and values from descriptions of the paper.",
    ),
)
