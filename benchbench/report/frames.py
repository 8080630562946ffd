"""Tidy frames: one row per measurement, one row per comparison, in the order of their files.

Nothing in them is volatile (no time, no host, no version of a library), rows and columns are in a fixed
order, and floats are written as their shortest text that reads back the same, so equal results give
equal files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from benchbench.comparison.pairs.flags import count_flags, in_words
from benchbench.comparison.pairs.grid import ScoredCell
from benchbench.comparison.pairs.measure import measure_pairs
from benchbench.comparison.pairs.table import Comparison

MEASUREMENT_COLUMNS = (
    "recipe",
    "recipe_hash",
    "setting",
    "method",
    "variant",
    "overrides",
    "paper",
    "seed",
    "split",
    "metric",
    "scoring",
    "value",
    "se",
    "n",
    "unit",
    "direction",
    "metric_version",
    "scorer_version",
    "engine",
    "device_kind",
    "note",
)
_MEASUREMENT_KEY = (
    *("setting", "method", "variant", "recipe", "recipe_hash", "overrides", "seed", "split", "metric", "scoring"),
)

COMPARISON_COLUMNS = (
    "methods",
    "seeds",
    "baseline",
    "overrides",
    "metric",
    "scoring",
    "candidate",
    "values",
    "baseline_values",
    "mean",
    "difference",
    "low",
    "high",
    "level",
    "interval_method",
    "p",
    "p_holm",
    "minimum_detectable_difference",
    "mdd_estimate",
    "mdd_low",
    "mdd_high",
    "probability_of_improvement",
    "equivalence_margin",
    "p_equivalence",
    "equivalent_within",
    "seeds_needed",
    "checkpoint_test",
    "checkpoint_p",
    "k",
    "runs",
    "n",
    "prompts",
    "unit",
    "direction",
    "marks",
    "note",
)
_COMPARISON_KEY = ("methods", "seeds", "baseline", "overrides", "metric", "scoring", "candidate")


def measurements_frame(
    cells: Sequence[ScoredCell], *, tie_credit: float = 0.5, exclude: Sequence[str] = ()
) -> pd.DataFrame:
    """One row per cell, metric and scoring; never an aggregate over seeds."""
    rows = [row for cell in cells for row in _measurement_rows(cell, tie_credit, exclude)]
    frame = pd.DataFrame(rows, columns=list(MEASUREMENT_COLUMNS))
    return _sorted(frame, (*_MEASUREMENT_KEY, "engine", "device_kind"))


def comparisons_frame(comparisons: Sequence[Comparison], *, overrides: str = "") -> pd.DataFrame:
    """One row per comparison, keyed by methods, seeds, baseline, overrides, metric, scoring and candidate.

    Args:
        comparisons: the whole answer of one `compare`; its labels, sorted, are the key `methods`.
        overrides: of the whole comparison; a row says in its marks which of them are its own. Empty for a plain one.
    """
    methods = " ".join(sorted({row.candidate for row in comparisons}))
    rows = [
        {
            **asdict(row),
            **asdict(row.decision),
            "checkpoint_p": _joined(row.decision.checkpoint_p),
            "methods": methods,
            "seeds": " ".join(str(seed) for seed in row.seeds),
            "overrides": overrides,
            "values": _joined(row.values),
            "baseline_values": _joined(row.baseline_values),
            "k": len(row.seeds),
            "marks": "; ".join(row.marks),
        }
        for row in comparisons
    ]
    return _sorted(pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS)), _COMPARISON_KEY)


def _measurement_rows(cell: ScoredCell, tie_credit: float, exclude: Sequence[str]) -> list[dict[str, object]]:
    paired, every = cell.pairs(exclude), cell.pairs()
    counts = count_flags(every.flags)
    flagged = f"flagged pairs: {in_words(counts, len(every.examples))}" if counts else ""
    shared = {
        "recipe": cell.recipe,
        "recipe_hash": cell.recipe_hash,
        "setting": cell.setting,
        "method": cell.method,
        "variant": cell.variant,
        "overrides": cell.overrides,
        "paper": cell.paper,
        "seed": cell.seed,
        "split": paired.split,
        "scorer_version": paired.scorer_version,
        "engine": cell.engine,
        "device_kind": cell.device_kind,
    }
    return [
        shared
        | {
            "metric": measured.metric,
            "scoring": measured.scoring,
            "value": measured.value,
            "se": measured.se,
            "n": measured.n,
            "unit": measured.unit,
            "direction": measured.direction,
            "metric_version": measured.version,
            "note": "; ".join(note for note in (measured.note, flagged) if note),
        }
        for measured in measure_pairs(paired, tie_credit=tie_credit)
    ]


def _sorted(frame: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    return frame.sort_values(list(key), kind="stable", ignore_index=True)


def _joined(values: Sequence[float]) -> str:
    return " ".join(repr(value) for value in values)
