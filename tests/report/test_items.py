"""Tables of other tools' results: what stands where, and what is said once."""

from __future__ import annotations

import numpy as np

from benchbench.comparison.items.compare import ONE_RUN, compare_items, with_holm
from benchbench.comparison.items.grid import make_item_grid
from benchbench.comparison.pairs.table import Comparison
from benchbench.report.items import items_layout
from tests.comparison.items.runs import run, scores

RNG = np.random.default_rng(2)


def rows(
    *groups: str, metrics: tuple[str, ...] = ("acc",), labels: str = "abc", seeds: tuple[int, ...] = (0,)
) -> list[Comparison]:
    """Rows of the first metric of each group."""
    runs = [
        run(
            label,
            *(scores({metric: RNG.integers(0, 2, 30)}, group=group) for group, metric in _pairs(groups, metrics)),
            seed=seed,
        )
        for label in labels
        for seed in seeds
    ]
    grid = make_item_grid(runs, baseline="a")
    return with_holm([row for group, metric in _pairs(groups, metrics) for row in compare_items(grid, group, metric)])


def _pairs(groups: tuple[str, ...], metrics: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(group, metrics[place % len(metrics)]) for place, group in enumerate(groups)]


def test_one_task_stands_in_the_title_and_one_run_has_no_column_of_runs():
    layout = items_layout(rows("arc"))
    assert layout.title == "acc on arc: fraction, higher is better; baseline a"
    assert layout.head == ("model", "mean", "difference [95%]", "p Holm", "MDD", "n")
    assert [row[0] for row in layout.body] == ["a", "b", "c"]
    assert layout.body[0][2:4] == ("baseline", "n/a")


def test_several_tasks_have_a_column_and_unequal_metrics_stand_beside_them():
    layout = items_layout(rows("arc", "gsm8k", metrics=("acc", "exact_match")))
    assert layout.title == "main metric of 2 tasks; baseline a"
    assert layout.head[:2] == ("task", "model")
    assert [row[0] for row in layout.body[::3]] == ["arc (acc)", "gsm8k (exact_match)"]


def test_seeds_have_a_column():
    layout = items_layout(rows("arc", seeds=(1, 2)))
    assert layout.head[:3] == ("model", "runs", "mean") and len(layout.body[0][1].split()) == 2


def test_what_all_rows_say_is_said_once_and_the_rest_with_its_rows():
    layout = items_layout(rows("arc", "gsm8k"))
    assert sum(ONE_RUN in note for note in layout.footnotes) == 1
    assert any(note.startswith("p Holm: McNemar's mid-p") and "over the 4 rows" in note for note in layout.footnotes)
