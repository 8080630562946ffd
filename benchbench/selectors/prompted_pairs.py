"""The response to the instruction to do well before the one to the instruction to do worse; nobody is asked (SOP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._prompted import BETTER, WORSE, pairs_of_arms
from benchbench.selectors._rows import Cut, without_labels


@dataclass(frozen=True)
class Options:
    """Whose responses are which, and what becomes of those that were cut."""

    better: str = BETTER
    """The sampler's arm whose responses are preferred."""
    worse: str = WORSE
    """The arm whose responses are rejected."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """A pair of the first draws of both arms of `prompted`, one of the second draws, and so on; nothing is drawn."""

    def rule(group: Group) -> tuple[Pick, ...] | str:
        pairs = pairs_of_arms(group, options)
        return pairs if isinstance(pairs, str) else tuple(Pick(places, {}) for places in pairs)

    return without_labels(groups, rule)


SELECTOR = Selector(
    name="prompted_pairs",
    options=Options,
    select=select,
    needs_labels=False,
    fewest_arms=lambda _options: 2,
    paper=Paper(
        "Xu et al.",
        2024,
        arxiv="2409.17534",
        title="Just Say What You Want: Only-prompting Self-rewarding Online Preference Optimization",
        note="From a summary.",
    ),
    open_question="How the paper filters the pairs that its prompts make was not read.",
)
