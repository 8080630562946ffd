"""Verdict rows made into contests: what the label earned with one pair of texts, whatever slots they were shown in.

A verdict row is one answer of a judge, seen from the label's side. Columns:

    example          the prompt, which is the cluster of every interval
    sample           which of several responses to the prompt
    label, opponent  whose texts
    order            `first`: the label's text was in the first slot, `second`: in the second; `both`: the judge sees no
                     slots, so one verdict stands for both
    outcome          what the label earned, in [0, 1]; 0.5 is a tie, NaN a missing verdict
    identical        both texts are the same
    length, opponent_length  characters of the two texts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from benchbench.core.errors import BenchError, Fault
from benchbench.core.measurement import Array

KEYS = ("label", "opponent", "example", "sample")
"""What makes two verdict rows the same contest."""
COLUMNS = (*KEYS, "order", "outcome", "identical", "length", "opponent_length")
ORDERS = ("first", "second", "both")

Policy = Literal["average", "conservative"]
"""`average`: the mean over the orders. `conservative`: orders that disagree are a tie, as in MT-Bench."""


@dataclass(frozen=True, eq=False)
class Contests:
    """m contests in the order of their keys, whatever the order of the verdict rows."""

    label: Array
    """[m]"""
    opponent: Array
    """[m]"""
    example: Array
    """[m]"""
    verdicts: Array
    """[m, 3] the label's outcome by order; NaN where missing or not asked."""
    requested: Array
    """[m, 3] whether a verdict of this order is there, missing or not."""
    identical: Array
    """[m]"""
    length: Array
    """[m]"""
    opponent_length: Array
    """[m]"""

    @property
    def missing(self) -> Array:
        """[m, 3] whether a verdict was asked for and none came."""
        return self.requested & np.isnan(self.verdicts)

    def outcome(self, policy: Policy, *, missing: float = np.nan) -> Array:
        """[m] what the label earned.

        Args:
            policy: what two orders make of a contest. A contest of which one order is missing counts as the other one
                says under `average`; under `conservative` it is missing, since nothing confirms it.
            missing: what a missing verdict is taken for.
        """
        verdicts = np.where(self.missing, missing, self.verdicts)
        present = np.isfinite(verdicts)
        count = present.sum(axis=1)
        total = np.where(present, verdicts, 0).sum(axis=1)
        mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
        if policy == "average":
            return mean
        disagree = present[:, 0] & present[:, 1] & (side(verdicts[:, 0]) != side(verdicts[:, 1]))
        complete = (present == self.requested).all(axis=1)
        return np.where(complete, np.where(disagree, 0.5, mean), np.nan)


def contests(rows: pd.DataFrame) -> Contests:
    """The contests of verdict rows, of any number of labels.

    Raises:
        ValueError: no rows, columns that are missing, an unknown order, or an outcome outside [0, 1].
        BenchError: the same verdict twice, or verdicts with and without slots of one contest.
    """
    _check(rows)
    number = rows.groupby(list(KEYS), sort=True, observed=True).ngroup().to_numpy()
    order = np.array([ORDERS.index(name) for name in rows["order"]])
    verdicts = np.full((number.max() + 1, len(ORDERS)), np.nan)
    requested = np.zeros_like(verdicts, dtype=bool)
    verdicts[number, order] = rows["outcome"].to_numpy(dtype=np.float64)
    requested[number, order] = True
    _, first = np.unique(number, return_index=True)
    _refuse(rows, first[requested[:, 2] & requested[:, :2].any(axis=1)], "with and without slots")
    return Contests(
        *(rows[name].to_numpy()[first] for name in ("label", "opponent", "example")),
        verdicts=verdicts,
        requested=requested,
        identical=rows["identical"].to_numpy(dtype=bool)[first],
        length=rows["length"].to_numpy(dtype=np.float64)[first],
        opponent_length=rows["opponent_length"].to_numpy(dtype=np.float64)[first],
    )


def sides(rows: pd.DataFrame) -> tuple[str, str]:
    """The one label and the one opponent of the rows.

    Raises:
        ValueError: no rows, or several labels or opponents.
    """
    pairs = sorted(set(zip(rows["label"], rows["opponent"], strict=True)))
    if len(pairs) != 1:
        raise ValueError(f"expected rows of one label against one opponent, got {pairs or 'no rows'}")
    return pairs[0]


def prompts(by_seed: Mapping[int, pd.DataFrame]) -> Array:
    """[n] the examples, sorted; every seed needs the same ones, or seeds and prompts cannot be separated.

    Raises:
        ValueError: no seeds.
        BenchError: a seed whose verdicts are of other prompts than the first one's.
    """
    if not by_seed:
        raise ValueError("expected verdict rows of one seed or more, got none")
    by_examples = {seed: set(rows["example"]) for seed, rows in by_seed.items()}
    first, wanted = next(iter(by_examples.items()))
    faults = [
        Fault(
            f"seed {seed}",
            f"{len(wanted - examples)} prompts of seed {first} are missing, {len(examples - wanted)} are new",
        )
        for seed, examples in by_examples.items()
        if examples != wanted
    ]
    if faults:
        raise BenchError.of_faults("verdicts of several seeds: expected the same prompts in each", faults)
    return np.array(sorted(wanted))


def prompt_means(values: Array, cluster: Array, n: int) -> Array:
    """[n] mean of the finite values of each prompt; NaN where it has none.

    Args:
        values: [m] one per contest.
        cluster: [m] number of the contest's prompt, in [0, n).
        n: number of prompts.
    """
    present = np.isfinite(values)
    count = np.bincount(cluster[present], minlength=n)
    total = np.bincount(cluster[present], weights=values[present], minlength=n)
    return np.divide(total, count, out=np.full(n, np.nan), where=count > 0)


def side(outcome: Array) -> Array:
    """-1 lost, 0 tie, 1 won; a probability counts for the side it leans to, and NaN stays."""
    return np.sign(np.round(outcome - 0.5, 12))


def _check(rows: pd.DataFrame) -> None:
    absent = [name for name in COLUMNS if name not in rows.columns]
    if absent:
        raise ValueError(f"verdict rows: expected the columns {', '.join(COLUMNS)}; missing are {', '.join(absent)}")
    if len(rows) == 0:
        raise ValueError("expected verdict rows, got none")
    unknown = sorted(set(rows["order"]) - set(ORDERS))
    if unknown:
        raise ValueError(f"order: expected one of {', '.join(ORDERS)}, got {', '.join(map(str, unknown))}")
    outcome = rows["outcome"].to_numpy(dtype=np.float64)
    if not (np.isnan(outcome) | ((outcome >= 0) & (outcome <= 1))).all():
        raise ValueError("outcome: expected numbers in [0, 1], or NaN for a missing verdict")
    _refuse(rows, np.flatnonzero(rows.duplicated([*KEYS, "order"])), "twice")


def _refuse(rows: pd.DataFrame, places: Array, what: str) -> None:
    if len(places) == 0:
        return
    which = ", ".join(f"{key} {rows[key].iloc[int(places[0])]}" for key in KEYS)
    raise BenchError(
        f"verdicts: expected one per contest and order, but there are {len(places)} {what} (the first: {which}); judge "
        "each once, or give repeated prompts samples of their own"
    )
