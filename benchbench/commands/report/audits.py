"""The audits of a comparison: of its seeds when it is made, of its data when a page is and the data are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.commands.audit.data import DataRequest, audit_data, plan_audit
from benchbench.commands.audit.seeds import audit_cells
from benchbench.core.errors import BenchError
from benchbench.plan.draws import STREAMS
from benchbench.plan.graph import Cell, Plan
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


def data_audit(comparison: StoredComparison, folder: Path, runs: Path) -> Mapping[str, Any]:
    """`bench audit data` of the first row's recipe, made once for each comparison: `rows`, `lines` and a `verdict`.

    Only `lines` where it could not be made: the recipe is another by now, or data or tokenizer are not here.

    Args:
        comparison: as it was stored.
        folder: where it lies, and the audit is kept.
        runs: folder of the prepared data.
    """
    kept_values = json_or_none(folder / DATA_AUDIT)
    if isinstance(kept_values, dict):
        return kept_values
    values = _audited(comparison.about, runs)
    if values["rows"] is not None:
        write_json(folder / DATA_AUDIT, values)
    return values


def _audited(about: Mapping[str, Any], runs: Path) -> dict[str, Any]:
    request = about["request"]
    target, hashes = request["targets"][0], about["recipe_hashes"]
    line = dict(about["commands"])["audit of data"]
    try:
        plan = plan_audit(DataRequest(target, request["setting"], request["overrides"]))
        if plan.loaded.recipe_hash != hashes.get(plan.loaded.label):
            return _none(f"Not audited: the recipe of {target} is no longer the one that was compared; see `{line}`.")
        audited = audit_data(plan, runs)
    except BenchError as error:
        return _none(f"Not audited: {error}; see `{line}`.")
    if audited.not_looked_at and not audited.findings:
        return _none(f"Not audited: {'; '.join(audited.not_looked_at)}; see `{line}`.")
    verdict = audited.verdict()
    return {
        "target": target,
        "rows": finding_rows(audited.findings),
        "lines": [*_joined(finding_lines(audited.findings)), *plan.assumptions],
        "verdict": "" if verdict is None else str(verdict),
    }


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
