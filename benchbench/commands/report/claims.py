"""What the recipes of a comparison claim, and what was measured of it, as tables of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from benchbench.commands.check.run import check_loaded
from benchbench.commands.check.table import footnote, not_run_lines, reported_footnote, reported_rows, rows
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.runs import RunStore


def claim_frames(loaded: Sequence[Loaded], store: RunStore) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """(`claims.csv`, `reported.csv` and `losses.csv` where there are any, remarks) of the recipes that claim something.

    Claims are judged over the seeds that a recipe pins, as `bench check` does, whatever seeds were compared.
    """
    claiming = [item for item in loaded if item.recipe.claims]
    if not claiming:
        return {"losses.csv": _reported_losses(loaded)}, []
    overrides = parse_overrides(claiming[0].overrides)
    try:
        report = check_loaded(claiming, overrides=overrides, options=RunOptions(runs=store.root))
    except BenchError as error:  # such as a baseline that is not among the recipes: no reason to have no comparison
        return {"losses.csv": _reported_losses(loaded)}, [f"claims were not checked: {error}"]
    frames = {
        "claims.csv": _frame(rows(report.checked)),
        "reported.csv": _frame(reported_rows(report.reported)),
        "losses.csv": _reported_losses(loaded),
    }
    remarks = [
        *not_run_lines(report.checked, report.losses),
        footnote(report.checked),
        reported_footnote(report.reported),
    ]
    return frames, [line for line in remarks if line]


def _reported_losses(loaded: Sequence[Loaded]) -> pd.DataFrame:
    """One row per label, stage and seed: the mean training loss that was reported for it, and where."""
    return _frame(
        [
            {
                "label": item.label,
                "stage": loss.stage,
                "reported_seed": seed,
                "value": value,
                "source": loss.source,
            }
            for item in loaded
            for loss in item.recipe.reported_losses
            for seed, value in loss.values.items()
        ]
    )


def _frame(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(records))
