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
    """`PAIR`: each row has two candidates, the preferred one first; `ANY`: a list; `ONE`: a response alone;
    `LABELLED`: a single response, with the column `label`."""
    fewest: Callable[[Any], int] = lambda options: 2
    """options -> candidates that each of its rows has at least."""
    fewest_arms: Callable[[Any], int] = lambda _options: 1
    """options -> arms that the sampler has at least."""
    opponent: Callable[[Any], str] = lambda _options: ""
    """options -> the sampler's arm whose responses others are compared with, and which stand in no row; or empty."""
    needs_labels: bool = True
    """Whether an oracle must have labelled the groups."""
    needs_data: Callable[[Any], bool] = lambda _options: False
    """options -> whether it reads the split's own candidates, which the rollout then puts behind the draws."""
    split_taken: Callable[[Any], int] = lambda _options: 0
    """options -> how many of them, from the first on; 0 takes all."""
    needs_search: bool = False
    """Whether it reads the path that a search over steps chose."""
    split_candidates: int = 0
    """How many candidates every example of the split must have for it; 0 takes any number."""
    reads_columns: Callable[[Any], tuple[str, ...]] = lambda _options: ()
    """options -> columns of the labels that it reads, which the oracle must make."""
    makes_columns: tuple[str, ...] = ()
    """Columns that every one of its rows has."""
    makes_scored_columns: tuple[str, ...] = ()
    """Further ones that every row has where the oracle scores each response, and does not only compare them."""
    drawn_by: Mapping[str, str] = field(default_factory=dict)
    """Column of its rows -> the sampler's arm whose responses it marks with 1; all others have 0 there."""
    keeps_draws: Callable[[Any], bool] = lambda _options: False
    """options -> whether its rows hold the draws as they were drawn: none left out or preferred for its text, for being
    cut, or for what an oracle says of it. A response whose worth nobody knows makes no row even so."""
    random: bool = False
    """Whether it draws from the seed."""
    paper: Paper | None = None
    """Where it is from; none for plain bookkeeping."""
    open_question: str = ""
    """What of it could not be verified against its source, a sentence."""
    version: int = 1
    """Raised by hand when the rows it makes change."""

    def columns_by(self, gives: str) -> tuple[str, ...]:
        """Columns that every row has where the oracle gives `scores`, `wins` or `nothing`."""
        return self.makes_columns + (self.makes_scored_columns if gives == "scores" else ())
