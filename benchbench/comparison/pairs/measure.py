"""Every metric under every scoring that the score rows of one cell can give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from benchbench import metrics
from benchbench.comparison.pairs.scorings import SCORINGS, Pairs, pairs
from benchbench.core.measurement import Measurement, Metric, PairScores

TIE_WARNING_FRACTION = 0.01
"""Above this share of tied pairs the rows say so: the tie credit starts to shape the accuracy."""


def measure(frame: pd.DataFrame, *, tie_credit: float = 0.5, exclude: Sequence[str] = ()) -> list[Measurement]:
    """All measurements of one cell, by scoring and then by metric.

    A metric that reads a column is left out where the rows have no such column, and a scoring where
    the rows hold no value for it; so is a metric of some scorings where the rows have others, too. Anything undefined
    beyond that is a NaN with a note.
    """
    return measure_pairs(pairs(frame, exclude=exclude), tie_credit=tie_credit)


def measure_pairs(paired: Pairs, *, tie_credit: float = 0.5) -> list[Measurement]:
    """The same of rows that are paired already."""
    return [
        measure_one(paired, metrics.get(name), scoring, tie_credit=tie_credit)
        for scoring in paired.available
        for name in metrics.names()
        if paired.has(metrics.get(name), scoring) and _has_meaning(metrics.get(name), scoring, paired)
    ]


def measure_one(paired: Pairs, metric: Metric, scoring: str, *, tie_credit: float) -> Measurement:
    """One metric under one available scoring, with its unit and what a reader must know of the pairs."""
    scores = paired.scores(scoring, tie_credit=tie_credit, reads=metric.reads)
    measured = metric.measure(scores, scoring)
    unit = SCORINGS[scoring].unit if measured.unit == "score" else measured.unit
    notes = (measured.note, _tie_note(scores), _left_out_note(paired))
    return replace(measured, unit=unit, note="; ".join(note for note in notes if note))


def _has_meaning(metric: Metric, scoring: str, paired: Pairs) -> bool:
    """Whether it is one of the metric's scorings; that of rewards only where the rows are a reward model's alone."""
    if not metric.scorings:
        return True
    return scoring in metric.scorings and (scoring != "reward_model" or set(paired.available) <= set(metric.scorings))


def _tie_note(scores: PairScores) -> str:
    if len(scores.chosen) == 0:
        return ""
    tied = float(np.mean(scores.chosen == scores.rejected))
    return f"{tied:.1%} of the pairs tie" if tied > TIE_WARNING_FRACTION else ""


def _left_out_note(paired: Pairs) -> str:
    counts = [f"{count} {flag}" for flag, count in paired.left_out.items()]
    return f"left out: {', '.join(counts)}" if counts else ""
