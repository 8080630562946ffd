"""The demonstration of the split against the policy's own response, as SPIN and SpeechAlign train.

The chosen response is the split's, whatever an oracle would say; nobody is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.rollout import DATA, Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import without_labels


@dataclass(frozen=True)
class Options:
    """Which demonstrations, and what becomes of draws that were cut."""

    golden: Literal["first", "each"] = "first"
    """`first`: the split's first candidate; `each`: a row for every candidate of the split."""
    cut: Literal["drop", "reject_only"] = "reject_only"
    """Draws that were cut: `drop` leaves them out, `reject_only` uses them; no draw is preferred here."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """A row for every drawn response that is not the demonstration itself, each different response once."""

    def rule(group: Group) -> tuple[Pick, ...] | str:
        golden = [place for place, response in enumerate(group.responses) if response.source == DATA]
        if not golden:
            return "no demonstration"
        drawn: dict[tuple[int, ...], int] = {}
        for place, response in enumerate(group.responses):
            if response.source != DATA and not (options.cut == "drop" and response.is_cut):
                drawn.setdefault(response.tokens, place)
        rows = [
            Pick((demonstration, place), {})
            for demonstration in (golden if options.golden == "each" else golden[:1])
            for tokens, place in drawn.items()
            if tokens != group.responses[demonstration].tokens
        ]
        return tuple(rows) or "no response that differs from the demonstration"

    return without_labels(groups, rule)


SELECTOR = Selector(
    name="golden_vs_self", options=Options, select=select, needs_labels=False, needs_data=lambda options: True
)
