"""Rows of who prefers what, as numbers: users in a graph, users who come later, and pairs to order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.comparison.stats.preference_graph import Comparisons
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array

SPLITS = ("train", "new", "test")


@dataclass(frozen=True)
class UserPairs:
    """The comparisons of a file, responses as whole numbers."""

    seen: Comparisons
    """Of the users in the graph."""
    users: Mapping[str, int]
    """Their names and numbers."""
    responses: int
    """Number of responses in the graph."""
    pairs: Mapping[str, Mapping[str, Array]]
    """Split -> user -> [n, 2] chosen and rejected response of each pair, where the graph has both."""
    unknown: int
    """Pairs with a response that the graph does not have."""


def user_pairs(rows: Sequence[Row]) -> UserPairs:
    """Rows with `user`, `chosen`, `rejected` and `split` as numbers.

    Raises:
        BenchError: a split that is none of the three, no row of train, or a user of both train and new.
    """
    by_split: dict[str, list[Row]] = {name: [] for name in SPLITS}
    for row in rows:
        if row["split"] not in by_split:
            raise BenchError(f"comparisons: column 'split': expected {', '.join(SPLITS)}, found '{row['split']}'")
        by_split[str(row["split"])].append(row)
    if not by_split["train"]:
        raise BenchError("comparisons: expected rows of split train, found none")
    people = {name: sorted({str(row["user"]) for row in of_split}) for name, of_split in by_split.items()}
    if both := sorted({*people["train"]} & {*people["new"]}):
        raise BenchError(f"comparisons: expected every user in train or in new, found both of {', '.join(both)}")
    known = sorted({str(row[side]) for row in by_split["train"] for side in ("chosen", "rejected")})
    place = {name: k for k, name in enumerate(known)}
    pairs = {name: _by_user(of_split, place) for name, of_split in by_split.items()}
    of_users = [pairs["train"][user] for user in people["train"]]
    ends = np.concatenate(of_users)
    seen = Comparisons(np.repeat(np.arange(len(of_users)), [len(of) for of in of_users]), ends[:, 0], ends[:, 1])
    taken = sum(len(of_user) for of_split in pairs.values() for of_user in of_split.values())
    users = {name: k for k, name in enumerate(people["train"])}
    return UserPairs(seen, users, len(known), pairs, len(rows) - taken)


def _by_user(rows: Sequence[Row], place: Mapping[str, int]) -> dict[str, Array]:
    pairs: dict[str, list[list[int]]] = {}
    for row in rows:
        ends = [place.get(str(row[side]), -1) for side in ("chosen", "rejected")]
        if min(ends) >= 0:
            pairs.setdefault(str(row["user"]), []).append(ends)
    return {user: np.array(of_user) for user, of_user in pairs.items()}
