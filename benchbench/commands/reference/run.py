"""`bench reference`: a finished comparison as committed reference rows, tables and one checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.console import Console

from benchbench.commands.cell_rows import ENGINE, MEASUREMENTS, ROUND, score_rows
from benchbench.commands.compare.compared import Compared, compare, start_label
from benchbench.commands.compare.guarded import guarded
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.compare.win_rates import Samples, verdict_rows
from benchbench.commands.resolve import DEFAULT_SETTING
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.claims.regression import WIN_RATE_COLUMNS
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.errors import BenchError
from benchbench.data.model_files import weights_hash
from benchbench.plan.replicates import copies
from benchbench.report import markdown
from benchbench.report.comparison import markdown_table
from benchbench.report.win_rates import win_rate_frame
from benchbench.store.reference import Reference, ReferenceStore
from benchbench.store.results import ResultStore

LEAST_SEEDS = 5
"""Fewer seeds give prediction intervals too wide to notice anything."""
MOST_BYTES = 4 * 2**20
"""The committed checkpoint is small or is not committed."""
TABLES = (
    ("pair_accuracy", "logp_mean"),
    ("pair_accuracy", "logp_sum"),
    ("gold_pair_accuracy", "logp_mean"),
    ("gold_pair_accuracy", "logp_sum"),
)


def write_reference(
    request: CompareRequest, *, checkpoint: str, folder: Path, command: str, options: RunOptions, console: Console
) -> Reference:
    """Run the comparison if need be, and write what a clean clone regresses against.

    Args:
        request: the methods and seeds.
        checkpoint: label of the method whose first seed's model is kept.
        folder: where; `results/reference/<setting>` of a checkout.
        command: the command line, for readers.
        options: of the run.
        console: for progress.

    Raises:
        BenchError: fewer than five seeds, or a checkpoint over 4 MiB.
    """
    prepared = prepare_comparison(request, options)
    if len(prepared.seeds) < LEAST_SEEDS:
        raise BenchError(f"--seeds: a reference needs {LEAST_SEEDS} seeds or more, got {len(prepared.seeds)}")
    _refuse_copies(copies(prepared.session.plan))
    compared = compare(prepared, request, options, console)
    _refuse_copies(_equal_rows(prepared, compared))
    results = ResultStore(options.results_root, prepared.loaded[0].recipe.setting)
    model = _model(prepared, checkpoint, options)
    reference = Reference(
        rows=_rows(prepared, options),
        measurements=measurements_of(prepared, results),
        verdicts=_verdicts(prepared, options),
        win_rates=win_rates_of(prepared, compared.samples),
        tables=tables_of(prepared, compared.unguarded, compared.samples, headline=compared.headline, command=command),
        model=model,
        about=_about(request, prepared, command)
        | {"checkpoint": checkpoint, "checkpoint_hash": weights_hash(model)}
        | _environment(prepared, options),
    )
    ReferenceStore(folder).write(reference)
    return reference


def _refuse_copies(lines: Sequence[str]) -> None:
    if lines:
        copies = "\n".join(f"  {line}" for line in lines)
        raise BenchError(
            f"--seeds: a reference needs seeds that are different runs, or it has no prediction intervals:\n{copies}"
        )


def _equal_rows(prepared: PreparedComparison, compared: Compared) -> list[str]:
    """Rows that were trained and are of fewer than five different runs."""
    trained = {cell.loaded.label for cell in prepared.session.cells if cell.policy is not None}
    return [
        f"{label}: its {len(runs)} seeds are {len(set(runs))} different runs, by their scores"
        for label, runs in compared.runs.items()
        if label in trained and len(set(runs)) < LEAST_SEEDS
    ]


def _about(request: CompareRequest, prepared: PreparedComparison, command: str) -> dict[str, object]:
    """What `bench regress` needs to make the numbers again."""
    rules = prepared.loaded[0].recipe.score
    return {
        "command": command,
        "engine": ENGINE,
        "setting": request.setting or DEFAULT_SETTING,
        "targets": list(request.targets),
        "seeds": list(prepared.seeds),
        "seed": prepared.seeds[0],
        "tie_credit": rules.tie_credit,
        "exclude": list(rules.exclude),
        "headline": [rules.headline.metric, rules.headline.scoring],
    }


def _rows(prepared: PreparedComparison, options: RunOptions) -> pd.DataFrame:
    cells = prepared.session.cells
    frames = [score_rows(cell, options.store, cell.loaded.recipe.score.split) for cell in cells]
    return pd.concat(frames, ignore_index=True)


def measurements_of(prepared: PreparedComparison, results: ResultStore) -> pd.DataFrame:
    """The tidy measurements of exactly these cells."""
    hashes = [item.recipe_hash for item in prepared.loaded]
    seeds = [str(seed) for seed in prepared.seeds]
    frame = results.table(MEASUREMENTS)
    if ROUND in frame.columns:  # of recipes' results alone
        frame = frame.loc[frame[ROUND] == ""].drop(columns=ROUND)
    return frame.loc[frame["recipe_hash"].isin(hashes) & frame["seed"].isin(seeds) & (frame["overrides"] == "")]


VERDICT_COLUMNS = (
    *("recipe", "seed", "label", "opponent", "example", "sample", "order", "outcome", "identical"),
    *("length", "opponent_length", "score", "opponent_score"),
)
"""What numbers follow from; neither texts nor what a judge said of them."""


def _verdicts(prepared: PreparedComparison, options: RunOptions) -> pd.DataFrame | None:
    frames = [
        frame.assign(recipe=cell.loaded.recipe.name, seed=cell.seed).reindex(columns=list(VERDICT_COLUMNS))
        for cell in prepared.session.cells
        for frame in verdict_rows(cell, options.store).values()
    ]
    return pd.concat(frames, ignore_index=True) if frames else None


def win_rates_of(prepared: PreparedComparison, samples: Samples | None) -> pd.DataFrame | None:
    """One row per cell, opponent and metric; none where nothing was judged."""
    if samples is None or not samples.rows:
        return None
    recipes = {item.label: item.recipe.name for item in prepared.loaded}
    frame = win_rate_frame(samples.rows)
    return frame.assign(recipe=[recipes[label] for label in frame["method"]]).reindex(columns=list(WIN_RATE_COLUMNS))


def tables_of(
    prepared: PreparedComparison,
    comparisons: Sequence[Comparison],
    samples: Samples | None,
    *,
    headline: tuple[str, str],
    command: str,
) -> str:
    """The tables of a comparison as markdown, with the command that made them.

    Args:
        prepared: the comparison.
        comparisons: every metric of every row, unguarded: the guard here sees pairs alone, which a reference keeps.
        samples: win rates; none where nothing was judged.
        headline: metric and scoring of the first table.
        command: line that made the reference.
    """
    seen = None if samples is None else replace(samples, statistics=pd.DataFrame())
    comparisons, samples, _ = guarded(comparisons, seen, headline=headline, start=start_label(prepared))
    there = {(row.metric, row.scoring) for row in comparisons}
    shown = dict.fromkeys([headline, *(table for table in TABLES if table in there)])
    parts = [f"`{command}`", ""]
    if prepared.notice:
        parts += [prepared.notice.split(";")[0] + ".", ""]
    parts += [markdown_table(comparisons, *table) for table in shown]
    if samples is not None:
        for opponent in samples.opponents:
            title, rows = samples.win_rates(opponent)
            parts += markdown.titled(title, rows)
    return "\n".join(parts)


def _model(prepared: PreparedComparison, label: str, options: RunOptions) -> Path:
    seed = prepared.seeds[0]
    cells = [c for c in prepared.session.cells if (c.loaded.label, c.seed) == (label, seed)]
    if not cells or cells[0].policy is None:
        raise BenchError(f"--checkpoint: no trained '{label}' in this comparison")
    folder = options.store.sound_folder(cells[0].policy) / "model"
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > MOST_BYTES:
        raise BenchError(f"--checkpoint: {label} has {size / 2**20:.1f} MiB, expected at most {MOST_BYTES // 2**20}")
    return folder


def _environment(prepared: PreparedComparison, options: RunOptions) -> dict[str, object]:
    record = options.store.record(prepared.session.cells[0].score)
    assert record is not None, "the comparison has finished"
    keys = ("device_kind", "device_name", "threads", "python", "platform", "packages")
    return {"environment": {key: record.environment[key] for key in keys}}
