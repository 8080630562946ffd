"""`bench compare`: train what is missing, then show methods beside each other, paired by seed and prompt."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from benchbench.commands.cell_rows import record_cells, scored_cell
from benchbench.commands.compare.budgets import budget_lines
from benchbench.commands.compare.fairness import differing, refuse_other_judges, refuse_unequal
from benchbench.commands.compare.report import About, write_comparison, write_samples
from benchbench.commands.compare.win_rates import Samples, collect
from benchbench.commands.resolve import common_seeds, notice, parse_seeds, refuse_unread, resolve, resolve_all
from benchbench.commands.run_plan import RunOptions, Session, incomplete, open_session, run_session
from benchbench.comparison.pairs.compare import compare as compare_cells
from benchbench.comparison.pairs.flags import FlaggedRow
from benchbench.comparison.pairs.grid import Admission, ScoredCell, same_runs
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.errors import BenchError, unknown_name
from benchbench.data.prompt_files import read_prompt_file
from benchbench.plan.prompt_sets import prepare_prompts
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override, parse_overrides
from benchbench.report.flags import flagged_rows
from benchbench.store.results import ResultStore

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


@dataclass(frozen=True)
class CompareRequest:
    """What is to be compared."""

    targets: Sequence[str]
    setting: str | None = None
    seeds: Sequence[str] | None = None
    baseline: str | None = None
    overrides: Sequence[str] = ()
    metrics: Sequence[str] = ()
    allow_different: bool = False
    allow_mixed: bool = False
    pairs_only: bool = False
    """Neither draw nor judge responses."""
    prompts: Path | None = None
    """File of prompts that are answered instead of the setting's own split."""

    @property
    def command(self) -> str:
        """The command line that asks for this, without folders, device and workers."""
        words = ["bench", "compare", *self.targets]
        for option, values in {
            "--setting": [self.setting] if self.setting else [],
            "--seeds": self.seeds or [],
            "--baseline": [self.baseline] if self.baseline else [],
            "--metrics": self.metrics,
            "--prompts": [self.prompts] if self.prompts else [],
        }.items():
            words += [option, *map(str, values)] if values else []
        words += [word for text in self.overrides for word in ("--set", text)]
        flags = {
            "--allow-different": self.allow_different,
            "--allow-mixed": self.allow_mixed,
            "--pairs-only": self.pairs_only,
        }
        return shlex.join([*words, *(flag for flag, is_set in flags.items() if is_set)])


@dataclass(frozen=True)
class PreparedComparison:
    """A comparison that can start."""

    loaded: list[Loaded]
    seeds: tuple[int, ...]
    baseline: str
    session: Session
    notice: str
    shown: tuple[tuple[str, str | None], ...]
    """(metric, scoring or none for all) asked for; the headline is always shown."""


def prepare_comparison(request: CompareRequest, options: RunOptions) -> PreparedComparison:
    """Resolve, check and plan; nothing runs.

    Raises:
        BenchError: anything that makes the comparison impossible or unfair, before any training.
    """
    from benchbench import metrics

    if request.prompts is not None and request.pairs_only:
        raise BenchError("--pairs-only draws no responses, so --prompts would not be read; drop one of them")
    overrides = parse_overrides(request.overrides)
    if request.prompts is not None:
        refuse_unread(overrides)
    prompt_set = None if request.prompts is None else read_prompt_file(request.prompts)
    requested_seeds = parse_seeds(request.seeds)
    shown = tuple(_metric(text, metrics.names()) for text in request.metrics)
    loaded = resolve_all(request.targets, setting=request.setting, overrides=overrides)
    baseline = _baseline(request, loaded)
    seeds = common_seeds(loaded, requested_seeds)
    if all(item.recipe.method.name != "sft" for item in loaded):
        loaded.append(_sft_row(loaded[0], overrides))
    if not request.allow_different:
        refuse_unequal(loaded)
    session = open_session(
        loaded,
        seeds,
        options,
        with_samples=not request.pairs_only,
        baseline=baseline,
        prompts=None if prompt_set is None else prepare_prompts(prompt_set, options.store.root),
    )
    if not request.allow_different:
        refuse_other_judges(session.cells, session.plan)
    text = notice(loaded[0].recipe.setting, [item.label for item in loaded], loaded[0].recipe.notice)
    return PreparedComparison(loaded, seeds, baseline, session, text, shown)


def _sft_row(first: Loaded, overrides: Sequence[Override]) -> Loaded:
    """The SFT row of a comparison: that of the setting, or of the first recipe where it changes its setting.

    Overrides of a method or of preference training are not its own.
    """
    shared = tuple(o for o in overrides if not o.key.startswith(("method", "preference")))
    row = resolve("sft", setting=str(first.setting_path), overrides=shared)
    if row.comparability_hash == first.comparability_hash:
        return row
    changes = {"name": f"sft_of_{first.recipe.name}", "method": row.recipe.method, "preference": row.recipe.preference}
    return replace(
        first,
        recipe=first.recipe.model_copy(update=changes),
        bound={**first.bound, "method.hyper": row.bound["method.hyper"]},
        overrides=row.overrides,
        untuned=False,
    )


def _baseline(request: CompareRequest, loaded: Sequence[Loaded]) -> str:
    if request.baseline is None:
        return loaded[0].label
    labels = [item.label for item in loaded]
    if request.baseline not in (*labels, "sft"):
        raise unknown_name("baseline", request.baseline, {*labels, "sft"})
    return request.baseline


def _metric(text: str, names: Sequence[str]) -> tuple[str, str | None]:
    """`metric` or `metric/scoring`."""
    from benchbench.comparison.pairs.scorings import SCORINGS

    name, _, scoring = text.partition("/")
    if name not in names:
        raise unknown_name("metric", name, names)
    if scoring and scoring not in SCORINGS:
        raise unknown_name("scoring", scoring, SCORINGS)
    return name, scoring or None


@dataclass(frozen=True)
class Compared:
    """A finished comparison."""

    comparisons: list[Comparison]
    headline: tuple[str, str]
    shown: list[tuple[str, str]]
    """(metric, scoring) of every table to show, the headline first."""
    files: list[str]
    """What was written."""
    runs: dict[str, list[int]]
    """Label -> [k] the run of each seed; equal numbers are copies of one run."""
    budgets: list[str]
    """Where the rows' training differs, a line each."""
    flagged: list[list[FlaggedRow]]
    """Of every table to show, its metric with and without flagged pairs."""
    samples: Samples | None = None
    """Win rates and what responses are like; none where nothing was drawn."""


def compare(prepared: PreparedComparison, request: CompareRequest, options: RunOptions, console: Console) -> Compared:
    """Run what is missing, compare, and write the tables.

    Raises:
        BenchError: exit code 4 where a cell failed: a comparison with holes would mislead.
    """
    store = options.store
    ran = run_session(prepared.session, options, console)
    error = incomplete(prepared.session, store, ran)
    if error is not None:
        raise error
    recipe = prepared.loaded[0].recipe
    cells = prepared.session.cells
    plan = prepared.session.plan
    scored = [scored_cell(cell, store, cell.loaded.recipe.score.split, plan) for cell in cells]
    headline, comparisons = compare_scored(prepared, request, scored)
    results = ResultStore(options.results_root, recipe.setting)
    for name in results.retire():
        console.print(f"{results.folder / name}: changed since it was written, so it is kept", highlight=False)
    record_cells(cells, scored, store, results)
    tables = _tables(comparisons, headline, prepared.shown)
    budgets = budget_lines(cells, plan, store, baseline=prepared.baseline)
    overrides = " ".join(sorted(request.overrides))
    about = About(_title(prepared), request.command, prepared.notice, budgets, overrides)
    credit = recipe.score.tie_credit
    flagged = [flagged_rows(scored, comparisons, *table, tie_credit=credit) for table in tables]
    files = write_comparison(results, comparisons, tables, flagged=flagged, about=about)
    marks = {row.candidate: row.marks for row in comparisons}
    runs = {label: same_runs(scored, label, prepared.seeds, "logp_sum") for label in marks}
    samples = collect(
        cells, plan, store, allow_mixed=request.allow_mixed, prompts=request.prompts, marks=marks, runs=runs
    )
    if samples is not None:
        labels = [item.label for item in prepared.loaded]
        files += write_samples(samples, results, methods=labels, seeds=prepared.seeds, about=about)
    return Compared(comparisons, headline, tables, files, runs, budgets, flagged, samples)


def compare_scored(
    prepared: PreparedComparison, request: CompareRequest, scored: Sequence[ScoredCell]
) -> tuple[tuple[str, str], list[Comparison]]:
    """(metric and scoring of the headline, every comparison) of finished cells, by their recipes' rules."""
    recipe = prepared.loaded[0].recipe
    headline = (recipe.score.headline.metric, recipe.score.headline.scoring)
    gold = ["gold_pair_accuracy"] if all("column_gold" in cell.frame for cell in scored) else []
    hashes = {item.comparability_hash: item.label for item in prepared.loaded}
    different = differing(prepared.loaded, baseline=prepared.baseline)
    comparisons = compare_cells(
        scored,
        baseline=prepared.baseline,
        metrics=[*DEFAULT_METRICS, *gold, *(name for name, _ in prepared.shown)],
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


def _title(prepared: PreparedComparison) -> str:
    labels = ", ".join(item.label for item in prepared.loaded)
    return f"{labels} on {prepared.loaded[0].recipe.setting}, seeds {' '.join(map(str, prepared.seeds))}"


def _tables(
    comparisons: Sequence[Comparison], headline: tuple[str, str], shown: Sequence[tuple[str, str | None]]
) -> list[tuple[str, str]]:
    """The headline, then what was asked for."""
    there = list(dict.fromkeys((row.metric, row.scoring) for row in comparisons))
    tables = [headline]
    for metric, scoring in shown:
        tables += [pair for pair in there if pair[0] == metric and scoring in (None, pair[1])]
    return list(dict.fromkeys(tables))
