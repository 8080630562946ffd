"""The items of all groups together: a mean over items, with what all groups have."""

from __future__ import annotations

import numpy as np

from benchbench.comparison.items.pooled import ALL, GROUP, pooled
from tests.comparison.items.runs import scores


def test_items_of_all_groups_stand_behind_each_other():
    one = scores({"acc": [1, 0], "acc_norm": [1, 1]}, group="one", columns={"subject": ("x", "y")})
    two = scores({"acc": [1]}, group="two", columns={"subject": ("x",)})
    pool = pooled([one, two])
    assert pool is not None and pool.group == ALL and list(pool.metrics) == ["acc"]
    np.testing.assert_array_equal(pool.metrics["acc"].values, [1, 0, 1])
    assert pool.items == ("one/item 0", "one/item 1", "two/item 0")
    assert pool.columns == {"subject": ("one/x", "one/y", "two/x"), GROUP: ("one", "one", "two")}


def test_one_group_and_groups_of_other_metrics_or_units_have_no_pool():
    assert pooled([scores({"acc": [1]})]) is None
    assert pooled([scores({"acc": [1]}), scores({"em": [1]}, group="two")]) is None
    assert pooled([scores({"acc": [1]}), scores({"acc": [1]}, group="two", unit="score")]) is None
