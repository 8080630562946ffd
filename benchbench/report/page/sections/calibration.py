"""Calibration of rows that give a probability of their own: reward models, and policies with a beta and a reference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from benchbench.report import numbers
from benchbench.report.figures.calibration import BINS, FEWEST, draw_calibration, reliability
from benchbench.report.page.blocks import Block, PageFigure, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    pairs, labels = comparison.frame("pairs"), comparison.about["labels"]
    known = pairs[pairs["probability"].notna()] if not pairs.empty else pairs
    rows = [label for label in labels if not known.empty and label in set(known["label"])]
    if not rows:
        text = "No calibration: no row has a probability of its own, which takes a reward model, or reference and beta."
        return [Paragraph(text)]
    values = {label: known.loc[known["label"] == label, "probability"].to_numpy(float) for label in rows}
    lines = {label: reliability(of_label) for label, of_label in values.items()}
    caption = (
        f"How often pairs are in the data's order, against the probability of it: sigmoid of the reward margin, or of "
        f"the log-ratio margin times the beta that the policy was trained at. {BINS} bins, all seeds together; on the "
        f"grey line a model is right as often as it says; bins of fewer than {FEWEST} pairs have no mark."
    )
    body = [[label, *map(numbers.number, _losses(values[label])), str(len(values[label]))] for label in rows]
    table = PageTable(
        "calibration",
        "calibration over all seeds: Brier score and log loss of the data's order; lower is better",
        ["row", "Brier", "log loss", "pairs"],
        body,
        [1, 2, 3],
        notes=[f"always 1/2 has a Brier score of 0.25 and a log loss of {np.log(2):.4f}"],
    )
    others = [label for label in labels if label not in rows]
    without = [Paragraph(f"Without a probability of their own: {', '.join(others)}.")] if others else []
    return [PageFigure("calibration", caption, partial(draw_calibration, lines, labels)), table, *without]


def _losses(probability: np.ndarray) -> tuple[float, float]:
    """(Brier score, log loss in nats) of the probability that the data's order is the right one."""
    clipped = np.clip(probability, np.finfo(float).tiny, 1)
    return float(((1 - probability) ** 2).mean()), float(-np.log(clipped).mean())


SECTION = PageSection("calibration", 80, "Calibration", _blocks)
