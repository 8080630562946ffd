"""Measurements of the policies of single rounds, beside those of the rows, which are of the last ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from benchbench.commands.cell_rows import ROUND, measure_cells, scored_cell
from benchbench.plan.graph import Cell
from benchbench.store.runs import RunStore


def round_measurements(cells: Sequence[Cell], store: RunStore) -> pd.DataFrame | None:
    """Measurements of the policies of all rounds but the last, whose number stands in `round`; none without any.

    Args:
        cells: finished.
        store: where their stages are filed.
    """
    frames = [frame for cell in cells for frame in _of_cell(cell, store)]
    return pd.concat(frames, ignore_index=True) if frames else None


def _of_cell(cell: Cell, store: RunStore) -> Iterator[pd.DataFrame]:
    for each in cell.rounds[:-1]:
        if each.score is not None:
            at = replace(cell, policy=each.policy, score=each.score, generate=None, verdicts={}, rounds=())
            scored = scored_cell(at, store, cell.loaded.recipe.score.split)
            yield measure_cells([at], [scored]).assign(**{ROUND: str(each.number)})
