"""The audits of a comparison: of its seeds when it is made, of its data when a page is and the data are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import benchbench
from benchbench.commands.audit.data import DataRequest, audit_data, plan_audit
from benchbench.commands.audit.seeds import audit_cells
from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.plan.draws import STREAMS
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.prepare import prepare_texts
from benchbench.report.data_audit import finding_lines, finding_rows
from benchbench.report.seed_audit import seed_lines, seed_rows
from benchbench.store.comparison_folders import StoredComparison
from benchbench.store.files import json_or_none, write_json
from benchbench.store.runs import RunStore

DATA_AUDIT = "data_audit.json"
"""File beside a comparison's own that keeps the audit of its data, which takes a while."""


def seed_audit(plan: Plan, cells: Sequence[Cell], store: RunStore) -> tuple[pd.DataFrame, list[str]]:
    """(`bench audit seeds` as a table, what a reader must know of it) of the cells of a comparison."""
    audited = audit_cells(plan, cells, store)
    lines = [*audited.faults, *seed_lines(audited.rows)]
    return pd.DataFrame(seed_rows(audited.rows, STREAMS)), lines


def data_audit(comparison: StoredComparison, folder: Path, runs: Path, *, make: bool = True) -> Mapping[str, Any]:
    """`bench audit data` of the first row's recipe: `rows`, `lines` and a `verdict`.

    It takes seconds to minutes, so it is made once for the same data and recipe, in `runs/audits/`, and kept beside the
    comparison. Only `lines` where it could not be made: the recipe is another by now, or the data are not here.

    Args:
        comparison: as it was stored.
        folder: where it lies.
        runs: folder of the prepared data.
        make: make it where there is none yet; else the page says that it was left out.
    """
    beside = json_or_none(folder / DATA_AUDIT)
    if isinstance(beside, dict):
        return beside
    if not make:
        return _none(f"not audited, as asked; see `{_line(comparison.about)}`.")
    values = _audited(comparison.about, runs)
    if values["rows"] is not None:
        write_json(folder / DATA_AUDIT, values)
    return values


def _audited(about: Mapping[str, Any], runs: Path) -> dict[str, Any]:
    request, line = about["request"], _line(about)
    target = request["targets"][0]
    try:
        plan = plan_audit(DataRequest(target, request["setting"], request["overrides"]))
        if plan.loaded.recipe_hash != about["recipe_hashes"].get(plan.loaded.label):
            return _none(f"not audited: the recipe of {target} is no longer the one that was compared; see `{line}`.")
        prepared = prepare_texts(plan.loaded, runs)
        if prepared.missing or prepared.data is None:
            return _none(f"not audited: {'; '.join(prepared.missing)}; see `{line}`.")
        key = fingerprint([benchbench.__version__, plan.loaded.comparability_hash, dict(prepared.data.hashes)])
        known = json_or_none(runs / "audits" / f"{key}.json")
        if isinstance(known, dict):
            return {**known, "target": target}  # kept for every recipe that reads the same
        audited = audit_data(plan, runs)
    except BenchError as error:
        return _none(f"not audited: {error}; see `{line}`.")
    verdict = audited.verdict()
    values = {
        "target": target,
        "rows": finding_rows(audited.findings),
        "lines": [*_joined(finding_lines(audited.findings)), *plan.assumptions],
        "verdict": "" if verdict is None else str(verdict),
    }
    write_json(runs / "audits" / f"{key}.json", values)
    return values


def _line(about: Mapping[str, Any]) -> str:
    return dict(about["commands"])["audit of data"]


def _none(line: str) -> dict[str, Any]:
    return {"rows": None, "lines": [line], "verdict": ""}


def _joined(lines: Sequence[str]) -> list[str]:
    """Lines of a terminal as paragraphs: those that are indented go on."""
    paragraphs: list[str] = []
    for line in lines:
        if line.startswith(" ") and paragraphs:
            paragraphs[-1] += f" {line.strip()}"
        else:
            paragraphs.append(line)
    return paragraphs
