"""Tables of other tools' results: what stands where, and what is said once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchbench.comparison.items.compare import ONE_RUN, compare_items, with_holm
from benchbench.comparison.items.grid import make_item_grid
from benchbench.comparison.pairs.table import Comparison
from benchbench.report.items import items_layouts
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
    (layout,) = items_layouts(rows("arc"))
    assert layout.title == "acc on arc: fraction, higher is better; baseline a"
    assert layout.head == ("model", "mean", "difference [95%]", "p Holm", "MDD", "n")
    assert [row[0] for row in layout.body] == ["a", "b", "c"]
    assert layout.body[0][2:4] == ("baseline", "n/a")


def test_several_tasks_are_a_table_for_each_model_with_the_baseline_beside():
    compared = rows("arc", "gsm8k")
    first, second = items_layouts(compared)
    assert first.title == "b beside baseline a: acc, fraction, higher is better"
    assert first.head[:3] == ("task", "baseline", "mean")
    assert [row[0] for row in second.body] == ["arc", "gsm8k"]
    assert second.body[0][1:3] == (f"{compared[0].mean:.4f}", f"{compared[2].mean:.4f}")
    assert first.footnotes == () and second.footnotes


def test_unequal_metrics_stand_beside_their_tasks():
    layout = items_layouts(rows("arc", "gsm8k", metrics=("acc", "exact_match")))[0]
    assert layout.title == "b beside baseline a: main metric of each task"
    assert [row[0] for row in layout.body] == ["arc (acc)", "gsm8k (exact_match)"]


def test_seeds_have_a_column():
    (layout,) = items_layouts(rows("arc", seeds=(1, 2)))
    assert layout.head[:3] == ("model", "runs", "mean") and len(layout.body[0][1].split()) == 2


def test_what_all_rows_say_is_said_once_and_the_rest_with_its_rows():
    layout = items_layouts(rows("arc", "gsm8k"))[-1]
    assert sum(ONE_RUN in note for note in layout.footnotes) == 1
    assert any(note.startswith("p Holm: McNemar's mid-p") and "over 4 differences" in note for note in layout.footnotes)


def test_marks_of_a_model_stand_in_its_row_or_below_the_tables():
    marked = [replace(row, marks=("odd",) if row.candidate == "b" else ()) for row in rows("arc")]
    (layout,) = items_layouts(marked)
    assert layout.head[-1] == "marks" and [row[-1] for row in layout.body] == ["", "odd", ""]
    marked = [replace(row, marks=("odd",) if row.candidate == "b" else ()) for row in rows("arc", "gsm8k")]
    assert "b: odd" in items_layouts(marked)[-1].footnotes
