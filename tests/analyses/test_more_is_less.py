"""more_is_less: conditions over seeds, against own responses, and what goes together, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchbench.analyses.more_is_less import Options, analyse
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError


def run(chosen: str, rejected: str, success: float, separable: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        **{"chosen": chosen, "rejected": rejected, "attack_success": success},
        **({} if separable is None else {"separability": separable}),
        **more,
    }


RUNS = [
    run("self", "self", 0.1, 0.6, seed=1, task=0.5),
    run("self", "self", 0.2, 0.6, seed=2, task=0.6),
    run("pool", "self", 0.4, 0.8),
    run("strong", "self", 0.7, 0.95),
]


def tables(rows: list[dict[str, Any]], **options: Any) -> dict[str, list[Row]]:
    return {table.name: list(table.rows) for table in analyse({"runs": rows}, Options(**options)).tables}


def test_means_differences_and_ranks_by_hand():
    found = tables(RUNS)
    assert [row["chosen"] for row in found["conditions"]] == ["self", "pool", "strong"]
    assert [row["over self"] for row in found["conditions"]] == pytest.approx([0, 0.25, 0.55])
    assert found["conditions"][0]["task"] == pytest.approx(0.55) and math.isnan(found["conditions"][1]["task"])
    assert found["conditions"][0]["runs"] == 2
    (together,) = found["together"]
    assert together["separability with attack success"] == pytest.approx(1.0) and together["conditions"] == 3


def test_what_was_not_run_is_unknown():
    found = tables([run("strong", "self", 0.7), run("pool", "self", 0.4)])
    assert all(math.isnan(row["over self"]) for row in found["conditions"])
    assert math.isnan(found["together"][0]["separability with attack success"])
    assert tables(RUNS, self="pool")["conditions"][0]["over self"] != 0


def test_methods_stand_apart_and_a_rate_is_a_rate():
    rows = [*(row | {"method": "dpo"} for row in RUNS), run("self", "self", 0.3, method="ipo")]
    assert [row["method"] for row in tables(rows)["together"]] == ["dpo", "ipo"]
    with pytest.raises(BenchError, match=r"in \[0, 1\], found a number outside"):
        tables([run("self", "self", 30.0)])
