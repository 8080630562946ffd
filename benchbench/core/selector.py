"""Selector: which of a group's responses become training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchbench.core.method import Candidates, Paper
from benchbench.core.rollout import Group, Labels, Pick


@dataclass(frozen=True)
class Selection:
    """Training rows of a round's groups, and what became of the rest."""

    picks: Sequence[tuple[Pick, ...]]
    """For each group its rows; empty where it gives none."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Groups that gave no row, by reason; the numbers sum to the number of groups without a row."""


Select = Callable[[Any, Sequence[Group], Sequence[Labels | None], np.random.Generator], Selection]
"""(options, groups, their labels, draws) -> selection; labels are none where the oracle has none."""


@dataclass(frozen=True, kw_only=True)
class Selector:
    """One exhibit of the selectors room; pure: the same groups, labels, options and draws give the same rows."""

    name: str
    """Registry key; equals the file name."""
    options: type
    """Frozen dataclass of the options that a recipe gives; documented field by field."""
    select: Select
    candidates: Candidates = Candidates.PAIR
    """`PAIR`: each row has two candidates, the preferred one first; `ANY`: a list."""
    needs_labels: bool = True
    """Whether an oracle must have labelled the groups."""
    needs_data: bool = False
    """Whether it reads the split's own candidates, which the rollout then puts among the responses."""
    needs_search: bool = False
    """Whether it reads the path that a search over steps chose."""
    split_candidates: int = 0
    """How many candidates every example of the split must have for it; 0 takes any number."""
    makes_columns: tuple[str, ...] = ()
    """Columns that every one of its rows has."""
    random: bool = False
    """Whether it draws from the seed."""
    paper: Paper | None = None
    """Where it is from; none for plain bookkeeping."""
    open_question: str = ""
    """What of it could not be verified against its source, a sentence."""
    version: int = 1
    """Raised by hand when the rows it makes change."""
