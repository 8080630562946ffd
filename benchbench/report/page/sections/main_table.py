"""The tables of a comparison: those that were asked for, the headline first, and all metrics in brief."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report import numbers
from benchbench.report.layout import TableLayout
from benchbench.report.page.blocks import Block, PageSection, PageTable, Remarks
from benchbench.report.page.stored_rows import stored_rows
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    about = comparison.about
    remarks = [line.removeprefix("- ") for line in about["budgets"]]
    blocks: list[Block] = [Remarks(remarks)] if remarks else []
    for (metric, scoring), layout, flags in zip(about["shown"], about["tables"], about["flags"], strict=True):
        blocks.append(PageTable.of_layout(TableLayout.from_json(layout), name=f"{metric}_{scoring}"))
        if flags is not None:
            blocks.append(PageTable.of_texts(**flags, name=f"{metric}_{scoring}_flagged"))
    return [*blocks, all_metrics(comparison)]


def all_metrics(comparison: StoredComparison) -> PageTable:
    """One row per metric and scoring: the mean over seeds of each row. Those that were compared stand first."""
    rows = stored_rows(comparison)
    compared = {(row.metric, row.scoring, row.unit, row.candidate): row.mean for row in rows}
    means = _measured(comparison) | compared
    labels = list(dict.fromkeys(row.candidate for row in rows))
    body = []
    for metric, scoring, unit in dict.fromkeys(key[:3] for key in [*compared, *means]):
        values = [means.get((metric, scoring, unit, label), float("nan")) for label in labels]
        body.append([metric, scoring, unit, *(numbers.quantity(value, unit) for value in values)])
    seeds = len(rows[0].seeds)
    title = f"all metrics, {'one seed' if seeds == 1 else f'means over {seeds} seeds'}"
    right = range(3, 3 + len(labels))
    return PageTable("all_metrics", title, ["metric", "scoring", "unit", *labels], body, list(right), folded=True)


def _measured(comparison: StoredComparison) -> dict[tuple[str, str, str, str], float]:
    """(metric, scoring, unit, row) -> mean over all seeds of what was measured of its last policy."""
    frame, seeds = comparison.frame("measurements"), len(comparison.about["seeds"])
    if frame.empty:
        return {}
    labels = {recipe: label for label, recipe in comparison.about["recipe_hashes"].items()}
    values: dict[tuple[str, str, str, str], list[float]] = {}
    for line in frame.to_dict("records"):
        label, of_round = labels.get(line["recipe_hash"]), str(line.get("round", ""))
        if label and of_round in ("", "nan", "None"):
            key = (str(line["metric"]), str(line["scoring"]), str(line["unit"]), label)
            values.setdefault(key, []).append(float(line["value"]))
    return {key: sum(of_row) / seeds for key, of_row in values.items() if len(of_row) == seeds}


SECTION = PageSection("main_table", 20, "Main table", _blocks)
