"""The comparison of finished cells: their numbers, the files of results/, and what there is to show of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console

from benchbench import metrics
from benchbench.commands.cell_rows import record_cells, scored_cell
from benchbench.commands.compare.beside import Beside, beside
from benchbench.commands.compare.conditions import quantities
from benchbench.commands.compare.fairness import differing
from benchbench.commands.compare.folder import guard_frames, sample_frames, write_folder
from benchbench.commands.compare.guarded import GuardReport, guarded
from benchbench.commands.compare.ledger.matching import marks_of, with_marks
from benchbench.commands.compare.report import About, figures_of, write_comparison, write_samples
from benchbench.commands.compare.row_facts import fairness
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, finish
from benchbench.commands.compare.win_rates import Samples, collect
from benchbench.commands.report.record import ComparedCells
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.pairs.compare import compare as compare_cells
from benchbench.comparison.pairs.flags import FlaggedRow
from benchbench.comparison.pairs.grid import Admission, ScoredCell, same_runs
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.measurement import Metric
from benchbench.recipe.schema import SFT
from benchbench.report.fairness import Fairness
from benchbench.report.flags import flagged_rows
from benchbench.store.results import ResultStore

MOST_LABELS = 12
"""Rows that a title names; it counts the others."""
BOOTSTRAP_SEED = 20_251_120
"""Fixed, so that the same rows give the same intervals."""
DEFAULT_METRICS = (
    "pair_accuracy",
    "pair_accuracy_strict",
    "tie_rate",
    "auc",
    "auc_centred",
    "mean_margin",
    "std_margin",
    "chosen_mean",
    "rejected_mean",
)
"""Written to files whatever is shown; a metric on a column is added where the data has the column."""


OF_REWARD_MODELS = ("brier", "calibration_error", "log_loss")
"""Written of reward models, whose rewards' differences are the log-odds of a probability."""


@dataclass(frozen=True)
class Compared:
    """A finished comparison."""

    comparisons: list[Comparison]
    unguarded: list[Comparison]
    """The same without the marks and notes of the degeneration guard."""
    headline: tuple[str, str]
    shown: list[tuple[str, str]]
    """(metric, scoring) of every table to show, the headline first."""
    files: list[str]
    """What was written."""
    runs: dict[str, list[int]]
    """Label -> [k] the run of each seed; equal numbers are copies of one run."""
    fairness: Fairness
    """What differs between rows."""
    guard: GuardReport
    """Which rows left the range of the policy that they start from."""
    flagged: list[list[FlaggedRow]]
    """Of every table to show, its metric with and without flagged pairs."""
    beside: Beside
    """The ledger, the frontier, and rows at an equal KL."""
    samples: Samples | None = None
    """Win rates and what responses are like; none where nothing was drawn."""

    @property
    def budgets(self) -> list[str]:
        """What stands above every table, a line each."""
        return [*self.fairness.lines(), *self.guard.lines()]


def compare(prepared: PreparedComparison, request: CompareRequest, options: RunOptions, console: Console) -> Compared:
    """Run what is missing, compare, and write the tables.

    Raises:
        BenchError: as `finish`.
    """
    finish(prepared, options, console)
    return compare_finished(prepared, request, options, console)


def compare_finished(
    prepared: PreparedComparison, request: CompareRequest, options: RunOptions, console: Console
) -> Compared:
    """Compare finished cells, and write the tables."""
    store = options.store
    recipe = prepared.loaded[0].recipe
    cells = prepared.session.cells
    plan = prepared.session.plan
    scored = [scored_cell(cell, store, cell.loaded.recipe.score.split, plan) for cell in cells]
    headline, comparisons = compare_scored(prepared, request, scored)
    tables = _tables(comparisons, headline, prepared.shown)
    results = ResultStore(options.results_root, recipe.setting)
    credit = recipe.score.tie_credit
    flagged = [flagged_rows(scored, comparisons, *table, tie_credit=credit) for table in tables]
    marks = {row.candidate: row.marks for row in comparisons}
    runs = {label: same_runs(scored, label, prepared.seeds, "logp_sum") for label in marks}
    samples = collect(
        cells, plan, store, allow_mixed=request.allow_mixed, prompts=request.prompts, marks=marks, runs=runs
    )
    start = start_label(prepared)
    marked, samples, guard = guarded(comparisons, samples, headline=headline, start=start)
    further = beside(prepared, request, store, samples=samples, start=start, runs=runs)
    matching = marks_of(further.ledger, baseline=prepared.baseline, match=quantities(request.match))
    marked, samples = with_marks(marked, samples, matching)
    differences = fairness(cells, plan, store, results, baseline=prepared.baseline)
    compared = Compared(marked, comparisons, headline, tables, [], runs, differences, guard, flagged, further, samples)
    for name in results.retire(keep=figures_of(marked, tables)):
        console.print(f"{results.folder / name}: changed since it was written, so it is kept", highlight=False)
    measurements = record_cells(cells, scored, store, results, ledger=further.ledger)
    overrides = " ".join(sorted(request.overrides))
    tables_beside = further.tables()
    about = About(_title(prepared), request.command, prepared.notice, compared.budgets, overrides, tables_beside)
    files = _write(compared, results, prepared, about)
    frames = {**sample_frames(samples), **guard_frames(differences, guard), **further.frames()}
    source = ComparedCells(prepared.loaded, cells, plan, store, scored, marked, measurements, frames, overrides)
    folder = write_folder(
        prepared,
        request,
        source,
        results=results,
        tables=tables,
        flagged=flagged,
        samples=samples,
        about=about,
        unmeasured=guard.lines(),
    )
    return replace(compared, files=[*files, folder])


def start_label(prepared: PreparedComparison) -> str:
    """Label of the policy that all methods start from; empty where none has a row."""
    labels = [item.label for item in prepared.loaded if item.recipe.method.name == SFT]
    return labels[0] if labels else ""


def _write(compared: Compared, results: ResultStore, prepared: PreparedComparison, about: About) -> list[str]:
    """Write the tables, documents and figures over all comparisons; returns the paths."""
    files = write_comparison(results, compared.comparisons, compared.shown, flagged=compared.flagged, about=about)
    if compared.samples is not None:
        labels = [item.label for item in prepared.loaded]
        files += write_samples(compared.samples, results, methods=labels, seeds=prepared.seeds, about=about)
    return files


def compare_scored(
    prepared: PreparedComparison, request: CompareRequest, scored: Sequence[ScoredCell]
) -> tuple[tuple[str, str], list[Comparison]]:
    """(metric and scoring of the headline, every comparison) of finished cells, by their recipes' rules."""
    recipe = prepared.loaded[0].recipe
    headline = recipe.headline
    on_columns = [
        name
        for name in metrics.names()
        if metrics.get(name).columns and all(_has_columns(cell, metrics.get(name)) for cell in scored)
    ]
    of_rewards = OF_REWARD_MODELS if recipe.is_reward_model else ()
    hashes = {item.comparability_hash: item.label for item in prepared.loaded}
    different = differing(prepared.loaded, baseline=prepared.baseline)
    comparisons = compare_cells(
        scored,
        baseline=prepared.baseline,
        metrics=[*DEFAULT_METRICS, *on_columns, *of_rewards, *(name for name, _ in prepared.shown)],
        tie_credit=recipe.score.tie_credit,
        exclude=recipe.score.exclude,
        rng_seed=BOOTSTRAP_SEED,
        headline=headline,
        admission=Admission(
            seeds=prepared.seeds,
            differing={h: different.get(label, "") for h, label in hashes.items()},
            allow_different=request.allow_different,
            allow_mixed=request.allow_mixed,
        ),
    )
    return headline, comparisons


def _has_columns(cell: ScoredCell, metric: Metric) -> bool:
    return all(f"column_{column}" in cell.frame for column in metric.columns)


def _title(prepared: PreparedComparison) -> str:
    labels = [item.label for item in prepared.loaded]
    more = len(labels) - MOST_LABELS
    named = ", ".join(labels if more <= 1 else [*labels[:MOST_LABELS], f"and {more} more"])
    return f"{named} on {prepared.loaded[0].recipe.setting}, seeds {' '.join(map(str, prepared.seeds))}"


def _tables(
    comparisons: Sequence[Comparison], headline: tuple[str, str], shown: Sequence[tuple[str, str | None]]
) -> list[tuple[str, str]]:
    """The headline, then what was asked for."""
    there = list(dict.fromkeys((row.metric, row.scoring) for row in comparisons))
    tables = [headline]
    for metric, scoring in shown:
        tables += [pair for pair in there if pair[0] == metric and scoring in (None, pair[1])]
    return list(dict.fromkeys(tables))
