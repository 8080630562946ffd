"""What the rounds of a comparison's rows came to: one table per row, and measurements of each round's policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import pandas as pd

from benchbench.commands.cell_rows import ROUND, measure_cells, scored_cell
from benchbench.core.records import StageRecord
from benchbench.plan.graph import Cell, RoundKeys
from benchbench.report.numbers import number
from benchbench.store.generations import read_generations
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import read_verdicts

Titled = tuple[str, list[dict[str, Any]]]


def round_tables(cells: Sequence[Cell], store: RunStore) -> list[Titled]:
    """For every row with rounds a table of them, each number the mean over the seeds.

    Args:
        cells: finished.
        store: where their stages are filed.
    """
    by_label: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.rounds:
            by_label.setdefault(cell.loaded.label, []).append(cell)
    return [(_title(of_label), _rows(of_label, store)) for of_label in by_label.values()]


def round_measurements(cells: Sequence[Cell], store: RunStore) -> pd.DataFrame | None:
    """Measurements of the policies of all rounds but the last, whose number stands in `round`; none without any."""
    frames: list[pd.DataFrame] = []
    for cell in cells:
        for each in cell.rounds[:-1]:
            if each.score is not None:
                at = replace(cell, policy=each.policy, score=each.score, generate=None, verdicts={}, rounds=())
                scored = scored_cell(at, store, cell.loaded.recipe.score.split)
                frames.append(measure_cells([at], [scored]).assign(**{ROUND: str(each.number)}))
    return pd.concat(frames, ignore_index=True) if frames else None


def _title(cells: Sequence[Cell]) -> str:
    seeds = " ".join(str(cell.seed) for cell in cells)
    start = cells[0].loaded.recipe.start
    return f"rounds of {cells[0].loaded.label}, mean over seeds {seeds}; win and KL against {start}"


def _rows(cells: Sequence[Cell], store: RunStore) -> list[dict[str, Any]]:
    return [_row([cell.rounds[place] for cell in cells], store) for place in range(len(cells[0].rounds))]


def _row(rounds: Sequence[RoundKeys], store: RunStore) -> dict[str, Any]:
    """One round of all seeds; what nobody measured is left out of its numbers, and said so."""
    wins = [_win(each, store) for each in rounds]
    drawn = [_drawn(each, store) for each in rounds]
    rows = [float(_summary(store, each.select)["rows"]) for each in rounds]
    replayed = [float(_summary(store, each.select)["replayed"]) for each in rounds]
    responses = [float(_summary(store, each.rollout)["responses"]) for each in rounds]
    labels = [None if each.label is None else float(_summary(store, each.label)["answers"]) for each in rounds]
    last = [_loss(store.record(each.policy)) for each in rounds]
    return {
        "round": str(rounds[0].number),
        "win": _mean(wins),
        "KL": _mean([kl for kl, _ in drawn]),
        "words": _mean([words for _, words in drawn], decimals=2),
        "rows": _mean(rows, decimals=0),
        "replayed": _mean(replayed, decimals=0),
        "responses": _mean(responses, decimals=0),
        "labels": _mean(labels, decimals=0),
        "last loss": _mean(last),
    }


def _summary(store: RunStore, key: str) -> dict[str, Any]:
    record = store.record(key)
    assert record is not None, "only finished cells are compared"
    return dict(record.summary)


def _loss(record: StageRecord | None) -> float | None:
    """The last logged loss; none where the round kept its policy."""
    value = None if record is None else dict(record.summary.get("last", {})).get("loss")
    return None if value is None else float(value)


def _win(each: RoundKeys, store: RunStore) -> float | None:
    """Share of contests that the round's policy wins against the start; ties count one half."""
    if each.verdicts is None:
        return None
    return float(read_verdicts(store.folder(each.verdicts))["outcome"].mean())


def _drawn(each: RoundKeys, store: RunStore) -> tuple[float | None, float | None]:
    """KL to the start in nats per response, estimated by the policy's own responses, and words of a response."""
    if each.generate is None:
        return None, None
    frame = read_generations(store.folder(each.generate))
    words = float(frame["text"].str.split().str.len().mean())
    if frame["logp_sum"].isna().any() or frame["ref_logp_sum"].isna().any():
        return None, words
    return float((frame["logp_sum"] - frame["ref_logp_sum"]).mean()), words


def _mean(values: Sequence[float | None], *, decimals: int = 3) -> str:
    known = [value for value in values if value is not None]
    return number(fmean(known) if known and len(known) == len(values) else float("nan"), decimals=decimals)
