"""Right responses against wrong ones, as iterative reasoning preference optimisation pairs them.

Both sets are walked side by side, beginning again where one ends, so that each is used about as often as the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.rollout import DATA, Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import Cut, each_group, pair, preferable, usable


@dataclass(frozen=True)
class Options:
    """How many pairs, what is right, and what becomes of responses that were cut.

    Raises:
        ValueError: no pair.
    """

    pairs: int = 1
    """Most pairs per group, >= 1; the paper takes 10 of 30 draws."""
    right_from: float = 0.5
    """Score from which on a response is right, in the unit of the scores; a verifier gives 1 and 0."""
    data: Literal["none", "right", "scored"] = "none"
    """The split's candidates: `none` adds none to the draws; `right` adds the first, which is right whatever the oracle
    says, as in the paper; `scored` adds all, and the oracle says what they are."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "pairs")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """Different pairs of a right and a wrong response, in the order in which they were drawn; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        scores: dict[int, float | None] = {
            k: of_group.score(k, len(group.responses)) for k in usable(group, options.cut)
        }
        if options.data == "right":
            scores |= {k: math.inf for k in scores if group.responses[k].scored == _demonstration(group)}
        known = {k: score for k, score in scores.items() if score is not None}
        right = preferable(group, [k for k, score in known.items() if score >= options.right_from], options.cut)
        wrong = [k for k, score in known.items() if score < options.right_from]
        if not right or not wrong:
            return "no right response" if not right else "no wrong response"
        count = min(options.pairs, math.lcm(len(right), len(wrong)))
        return tuple(
            pair(of_group, right[k % len(right)], wrong[k % len(wrong)], len(group.responses)) for k in range(count)
        )

    return each_group(groups, labels, rule)


def _demonstration(group: Group) -> tuple[int, ...] | None:
    """Token ids of the split's first candidate; none where the group has none."""
    return next((response.scored for response in group.responses if response.source == DATA), None)


SELECTOR = Selector(
    name="right_wrong",
    options=Options,
    select=select,
    needs_data=lambda options: options.data != "none",
    split_taken=lambda options: int(options.data == "right"),
    version=2,
    paper=Paper("Pang et al.", 2024, arxiv="2404.19733", title="Iterative Reasoning Preference Optimization"),
)
