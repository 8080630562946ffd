"""Siblings of a tree: steps on the chosen path against steps beside it, from the same state.

The group's prefix is what was chosen above them; a row scores the step alone. Chain of preference optimisation
(arXiv:2406.09136) rejects every sibling that was not chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import PAIR_COLUMNS, Cut, Untied, each_group, pair, preferable, ranked


@dataclass(frozen=True)
class Options:
    """Which siblings, and what becomes of those that were cut."""

    path: str = ""
    """Column of the labels that is 1 for siblings on the chosen path, as searches of trees make it; empty: those with
    the highest score are."""
    rejected: Literal["each", "lowest"] = "each"
    """Siblings beside the path: a row for each, or for the one with the lowest score alone."""
    tied: Literal["keep", "drop"] = "keep"
    """Siblings beside the path that are worth as much as the step on it, or more: rows with them or without."""
    cut: Cut = "reject_only"
    """Steps that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """The pairs of every group in order of places; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, Untied(options.cut))
        if isinstance(responses, str):
            return responses
        places = sorted(responses.scores)
        if options.path and options.path not in of_group.columns:
            return f"no column '{options.path}'"
        best = responses.scores[responses.preferable[0]]
        marks = of_group.columns[options.path] if options.path else ()
        on_path = [k for k in places if (marks[k] == 1 if marks else responses.scores[k] == best)]
        beside = [k for k in places if k not in on_path and (marks or responses.scores[k] < best)]
        if options.rejected == "lowest" and beside:
            beside = [responses.lowest(beside)]
        steps = preferable(group, on_path, options.cut)
        rows = tuple(
            pair(of_group, step, sibling, len(group.responses))
            for step in steps
            for sibling in beside
            if options.tied == "keep" or responses.scores[sibling] < responses.scores[step]
        )
        return rows or "no sibling on the path, or none beside it"

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="path_siblings",
    options=Options,
    select=select,
    reads_columns=lambda options: (options.path,) if options.path else (),
    needs_search=True,
    makes_columns=PAIR_COLUMNS,
)
