"""Best against worst of many draws as training data for a reward model, the surest pairs alone (West-of-N)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.ranges import require_within
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.data.preference_order import P_CHOSEN
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Untied, each_group, keep_best, number, pair, ranked


@dataclass(frozen=True)
class Options:
    """How sure the oracle must be, and what becomes of responses that were cut.

    Raises:
        ValueError: a value out of its range.
    """

    min_confidence: float = 0.5
    """Smallest probability that the best is preferred to the worst, in [0.5, 1)."""
    share: float = 1.0
    """Share of the groups' pairs that stay, in (0, 1]: those with the highest such probability."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_within(self, "min_confidence", "[0.5, 1)", what="probability")
        require_within(self, "share", "(0, 1]", what="share")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group at most; the share is of the pairs that are sure enough, rounded up; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, Untied(options.cut))
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        row = pair(of_group, best, responses.lowest(lower), len(group.responses))
        return (row,) if number(row, P_CHOSEN) >= options.min_confidence else "less sure than min_confidence"

    selection = each_group(groups, labels, rule)
    count = math.ceil(options.share * sum(bool(rows) for rows in selection.picks))
    values = [number(rows[0], P_CHOSEN) if rows else 0.0 for rows in selection.picks]
    return keep_best(selection, count, values, "beyond the share of the surest")


SELECTOR = Selector(
    name="west_of_n",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    paper=Paper(
        "Pace et al.",
        2024,
        arxiv="2401.12086",
        title="West-of-N: Synthetic Preferences for Self-Improving Reward Models",
    ),
    open_question="The paper's optional filter by the responses' likelihood under the policy is left out.",
)
