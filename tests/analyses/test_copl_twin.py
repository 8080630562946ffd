"""copl_twin: new users by their neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from benchbench.analyses.copl_twin import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream

FAST = Options(dimensions=8, layers=2, steps=60)


def planted() -> list[dict[str, Any]]:
    """40 users in the graph and 20 new ones of two tastes, one the reverse of the other for 30 responses.

    Every fifth pair in the graph is labelled against its user's taste. A new user has 6 pairs.
    """
    rng = stream(0, "planted clusters")
    worth = rng.normal(size=30)
    rows = []
    for user in range(60):
        taste = worth if user % 2 else -worth
        splits = ["train"] * 20 if user < 40 else ["new"] * 6
        for split in [*splits, *["test"] * 20]:
            first, second = rng.choice(30, size=2, replace=False).tolist()
            is_slip = split == "train" and rng.random() < 0.2
            order = (first, second) if (taste[first] > taste[second]) != is_slip else (second, first)
            rows.append({"user": f"u{user}", "chosen": f"r{order[0]}", "rejected": f"r{order[1]}", "split": split})
    return rows


def test_new_users_of_planted_clusters_are_better_understood_than_by_the_mean_of_their_neighbours():
    (table,) = analyse({"comparisons": planted()}, FAST).tables
    seen, new = table.rows
    assert (seen["users"], seen["number"], new["users"], new["number"]) == ("in the graph", 40, "new", 20)
    assert seen["copl"] > 0.75
    assert new["copl"] > 0.8 and new["copl"] > new["mean"] + 0.1
    assert 1 < new["neighbours"] <= 40


def row(user: str, chosen: str, rejected: str, split: str) -> dict[str, Any]:
    return {"user": user, "chosen": chosen, "rejected": rejected, "split": split}


def test_pairs_and_users_that_cannot_be_looked_at_are_counted():
    rows = [row("a", "x", "y", "train"), row("a", "x", "y", "test"), row("a", "x", "z", "test")]
    rows += [row("b", "y", "x", "new"), row("b", "y", "x", "test")]
    analysed = analyse({"comparisons": rows}, FAST)
    assert [line["users"] for line in analysed.tables[0].rows] == ["in the graph"]
    assert list(analysed.notes)[:2] == [
        "1 pairs with a response that no training pair has are left out",
        "1 users had no neighbour",
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a", "x", "y", "validation")], "column 'split': expected train, new, test, found 'validation'"),
        ([row("a", "x", "y", "train"), row("a", "x", "y", "new")], "found both of a"),
        ([row("a", "x", "y", "train")], "expected a test pair of a user in train or new"),
        ([row("a", "x", "y", "test")], "expected rows of split train, found none"),
    ],
)
def test_rows_that_say_nothing_are_refused(rows, message):
    with pytest.raises(BenchError, match=message):
        analyse({"comparisons": rows}, FAST)
