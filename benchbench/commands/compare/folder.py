"""The folder of one comparison, `results/<setting>/comparisons/<id>/`: what it is, and all that a report needs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

import benchbench
from benchbench.commands.compare.grids import commands_of
from benchbench.commands.compare.guarded import GuardReport
from benchbench.commands.compare.report import About
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, id_of
from benchbench.commands.compare.win_rates import Samples
from benchbench.commands.report.record import ComparedCells, record_frames
from benchbench.comparison.pairs.flags import FlaggedRow
from benchbench.core.identity import plain
from benchbench.report.comparison import narrow_layout
from benchbench.report.fairness import Fairness
from benchbench.report.flags import shown_flags
from benchbench.report.win_rates import interval_frame, win_rate_frame
from benchbench.store.comparison_folders import ABOUT, ComparisonFolders
from benchbench.store.results import ResultStore

Tables = Sequence[tuple[str, str]]
"""(metric, scoring) of every shown table, the headline first."""


def write_folder(
    prepared: PreparedComparison,
    request: CompareRequest,
    source: ComparedCells,
    *,
    results: ResultStore,
    tables: Tables,
    flagged: Sequence[Sequence[FlaggedRow]],
    samples: Samples | None,
    about: About,
    unmeasured: Sequence[str],
) -> str:
    """Write the folder and let `latest` name it; returns the path of the file that says what it is.

    `flagged` goes with `tables`, one by one.
    `unmeasured` is what the degeneration guard could not see.

    Raises:
        BenchError: as `record_frames`.
    """
    key = id_of(prepared, request)
    frames, remarks = record_frames(source)
    values = {
        **_request(prepared, request),
        "title": about.title,
        "notice": about.notice,
        "budgets": list(about.budgets),
        "unmeasured": list(unmeasured),
        "overrides": about.overrides,
        "marks": {row.candidate: list(row.marks) for row in source.comparisons},
        "headline": list(tables[0]),
        "shown": [list(table) for table in tables],
        "tables": [asdict(narrow_layout(source.comparisons, *table)) for table in tables],
        "flags": [None if (table := shown_flags(rows)) is None else _titled(*table) for rows in flagged],
        "samples": [] if samples is None else [_noted(*table) for table in samples.noted_tables()],
        "further": [_titled(*table) for table in about.beside],
        "answered": None if samples is None else _answered(samples),
        "remarks": remarks,
        "commands": _commands(prepared, request),
        "benchbench": benchbench.__version__,
    }
    return str(ComparisonFolders(results.folder).write(key, values, frames) / ABOUT)


def sample_frames(samples: Samples | None) -> Mapping[str, pd.DataFrame]:
    """Win rates by seed and over seeds, and what responses are like; empty where nothing was drawn."""
    if samples is None:
        return {}
    judged = {
        "win_rates": win_rate_frame(samples.rows),
        "win_rate_intervals": interval_frame(samples.rows, samples.ratings),
    }
    return {**(judged if samples.rows else {}), "responses": samples.statistics}


def guard_frames(fairness: Fairness, guard: GuardReport) -> Mapping[str, pd.DataFrame]:
    """What differs between rows beside their method, and what left the range of the policy that all start from.

    Without a row of that policy nothing was looked at, and there is no `degeneration`.
    """
    frames = {"fairness": pd.DataFrame(fairness.records(), columns=["quantity", "value", "rows"])}
    if not guard.rows:
        return frames
    better = f"better than {guard.start} on pairs"
    return frames | {"degeneration": pd.DataFrame(guard.records(), columns=["method", "what", better])}


def _request(prepared: PreparedComparison, request: CompareRequest) -> dict[str, Any]:
    return {
        "setting": prepared.loaded[0].recipe.setting,
        "labels": list(dict.fromkeys(item.label for item in prepared.loaded)),
        "baseline": prepared.baseline,
        "seeds": list(prepared.seeds),
        "recipes": {item.label: item.recipe.name for item in prepared.loaded},
        "recipe_hashes": {item.label: item.recipe_hash for item in prepared.loaded},
        "request": plain(request) | {"prompts": None if request.prompts is None else str(request.prompts)},
        "command": request.command,
    }


def _titled(title: str, records: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A table whose columns keep their order in any file."""
    return {"title": title, "head": list(records[0]), "body": [list(row.values()) for row in records]}


def _noted(title: str, notes: Sequence[str], records: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {**_titled(title, records), "notes": list(notes)}


def _answered(samples: Samples) -> dict[str, str]:
    return {"judge": samples.judge, "prompts": samples.prompts, "temperature": samples.temperature}


def _commands(prepared: PreparedComparison, request: CompareRequest) -> list[list[str]]:
    """(what, command line that makes it again) of every row, the audits and the claims."""
    setting = ["--setting", request.setting] if request.setting else []
    seeds = ["--seeds", *map(str, prepared.seeds)]
    named = commands_of(prepared.targets, request.overrides)
    lines = [["all rows and tables", request.command]]
    for item, target, changes in named:
        lines.append([f"row {item.label}", shlex.join(["bench", "train", target, *setting, *seeds, *_set(changes)])])
    for item in prepared.loaded[len(named) :]:
        lines.append([f"row {item.label}, which comes with every comparison of methods", request.command])
    changes = _set(request.overrides)
    data = ["bench", "audit", "data", request.targets[0], *setting, *changes]
    lines.append(["audit of data", shlex.join(data)])
    audited = ["bench", "audit", "seeds", *request.targets, *setting, *seeds, *changes]
    lines.append(["audit of seeds", shlex.join(audited)])
    claiming = [(target, of_row) for item, target, of_row in named if item.recipe.claims]
    claims = [[f"claims of {target}", shlex.join(["bench", "check", target, *_set(each)])] for target, each in claiming]
    return lines + claims


def _set(texts: Sequence[str]) -> list[str]:
    """The words of `--set` options."""
    return [word for text in texts for word in ("--set", text)]
