"""Every recipe of a setting in one table: differences, ranks, win rates, and what became of the responses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from benchbench import metrics, samplers
from benchbench.commands.cell_rows import scored_cell
from benchbench.commands.compare.compared import Compared, compare
from benchbench.commands.compare.guarded import OUT_OF_RANGE
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.leaderboard.responses import RowResponses, responses_of
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.pairs.grid import ScoredCell, contributions, same_runs
from benchbench.comparison.pairs.ranks import Rank, rank_rows
from benchbench.comparison.pairs.replicates import interval_of_runs, replicates
from benchbench.comparison.pairs.table import RATE, Comparison
from benchbench.comparison.stats.bounded import difference_of_rates
from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.comparison.stats.power import minimum_detectable_difference
from benchbench.core.errors import BenchError, unknown_name
from benchbench.core.measurement import Array
from benchbench.core.seeding import stream
from benchbench.generation.choose import installed_vllm
from benchbench.recipe import library
from benchbench.recipe.binding import bind
from benchbench.recipe.schema import REWARD_MODEL, SFT
from benchbench.report.leaderboard import ALPHA, FORMS, BoardRow, document
from benchbench.store.leaderboards import write_leaderboard

RANK_SEED = 20_261_128
"""Fixed, so that the same rows give the same ranks."""


DRAWING = {"rounds", "online"}
"""Sections of a recipe that draw responses for its training."""
NO_METHODS = (SFT, REWARD_MODEL)
"""What a comparison has without being asked, or trains only for others."""


@dataclass(frozen=True)
class BoardRequest:
    """What the leaderboard is of."""

    setting: str
    baseline: str
    seeds: Sequence[str] | None = None
    overrides: Sequence[str] = ()
    pairs_only: bool = False
    """Neither draw nor judge responses."""
    write: Path | None = None
    """Folder that gets the table and its page."""
    fixed_data: bool = False
    """Only recipes that draw no responses for their training."""


@dataclass(frozen=True)
class Board:
    """The leaderboard of a setting."""

    setting: str
    """Its name."""
    rows: list[BoardRow]
    """A row per recipe, the best first."""
    notice: str
    """What the setting is, where it is no evidence."""
    remarks: list[str]
    """Which recipes were left out, and what differs between rows."""
    compared: Compared
    """The comparison that it is made of, with what differs between rows."""


@dataclass(frozen=True)
class Contributions:
    """What every row has of every prompt in the headline metric."""

    values: Mapping[str, Array]
    """Label -> [k seeds, n prompts]."""
    runs: Mapping[str, Sequence[int]]
    """Label -> [k] the run of each seed; equal numbers are copies of one run."""
    seeds: tuple[int, ...]
    unit: str


def setting_targets(setting: str, *, baseline: str, fixed_data: bool = False) -> list[str]:
    """Labels of the recipes of a setting, the baseline's first; the SFT policy gets its row without being named.

    Args:
        setting: its name.
        baseline: label of a recipe.
        fixed_data: leave out recipes that draw responses for their training, in rounds or while they train.

    Raises:
        BenchError: no such setting, no recipe of it, or none of the baseline.
    """
    name = library.find_setting(setting).setting_name
    entries = [entry for entry in library.entries() if not entry.is_setting and entry.setting_name == name]
    trained = [entry for entry in entries if entry.method[0] not in NO_METHODS]
    if fixed_data:
        trained = [entry for entry in trained if not DRAWING & entry.values.keys()]
    if not trained:
        raise BenchError(f"--setting: expected a setting with recipes of methods, found none for '{setting}'")
    labels = dict.fromkeys(_label(*entry.method) for entry in trained)
    if baseline not in labels:
        raise unknown_name("baseline", baseline, labels)
    return [baseline, *(label for label in labels if label != baseline)]


def needing_transformers(request: BoardRequest, targets: Sequence[str]) -> list[str]:
    """Rows whose rollouts vLLM cannot draw, where it draws those of all others."""
    if installed_vllm() is None or any(override.startswith("generate.engine") for override in request.overrides):
        return []
    name = library.find_setting(request.setting).setting_name
    entries = {_label(*e.method): e for e in library.entries() if not e.is_setting and e.setting_name == name}
    return [label for label in targets if label != request.baseline and _mixes(entries[label].values)]


def _mixes(values: Mapping[str, Any]) -> bool:
    """Whether a recipe's rounds draw from two policies at every token."""
    section = (values.get("rounds") or {}).get("sampler")
    if section is None:
        return False
    sampler = samplers.get(section["name"])
    options, _ = bind(sampler.options, section.get("options", {}), where="rounds.sampler.options")
    return any(len(arm.mixture) > 1 for arm in sampler.arms(options, section.get("num_samples", 2)))


def _label(name: str, variant: str) -> str:
    return name if variant == "default" else f"{name}@{variant}"


def prepare_board(
    request: BoardRequest, options: RunOptions, console: Console
) -> tuple[PreparedComparison, CompareRequest]:
    """The comparison that a leaderboard is made of, planned, and what it is asked for.

    Raises:
        BenchError: as `bench compare` of the same recipes; a setting without recipes, or whose recipes change more of
            it than what their training data are made of.
    """
    targets = setting_targets(request.setting, baseline=request.baseline, fixed_data=request.fixed_data)
    if needing := needing_transformers(request, targets):
        mixed = f"left out: {', '.join(needing)}, whose sampler mixes policies at every token, which vLLM cannot"
        console.print(f"{mixed}; --set generate.engine=transformers has them", highlight=False, markup=False)
        targets = [label for label in targets if label not in needing]
    compared_as = CompareRequest(
        targets,
        request.setting,
        seeds=request.seeds,
        overrides=request.overrides,
        own_budgets=True,
        pairs_only=request.pairs_only,
    )
    prepared = prepare_comparison(compared_as, options)
    metric = metrics.get(prepared.loaded[0].recipe.headline[0])
    if metric.per_pair is None:
        raise BenchError(f"score.headline.metric: '{metric.name}' is no mean over pairs, so rows have no ranks")
    return prepared, compared_as


def leaderboard(request: BoardRequest, options: RunOptions, console: Console) -> Board:
    """Train what is missing of every recipe, and put them in order.

    Raises:
        BenchError: as `prepare_board`, and as `bench compare`.
    """
    prepared, compared_as = prepare_board(request, options, console)
    compared = compare(prepared, compared_as, options, console)
    recipe = prepared.loaded[0].recipe
    rows = _rows(prepared, compared, _contributions(prepared, options))
    board = Board(recipe.setting, rows, recipe.notice, [*_left_out(request), *compared.budgets], compared)
    if request.write is not None:
        page = document(board.rows, setting=board.setting, notice=board.notice, remarks=board.remarks)
        records = [row.as_record() for row in board.rows]
        for path in write_leaderboard(request.write, board.setting, records, page):
            console.print(f"written: {path}", highlight=False, markup=False)
    return board


def _left_out(request: BoardRequest) -> list[str]:
    """A line on the recipes that were not asked for."""
    if not request.fixed_data:
        return []
    every = setting_targets(request.setting, baseline=request.baseline)
    count = len(every) - len(setting_targets(request.setting, baseline=request.baseline, fixed_data=True))
    recipes = f"{count} recipe{'s' if count != 1 else ''}"
    return [f"left out: the {recipes} of this setting with responses drawn for training (--fixed-data)"]


def _contributions(prepared: PreparedComparison, options: RunOptions) -> Contributions:
    """What finished cells have of every prompt in the headline metric."""
    rules, (name, scoring) = prepared.loaded[0].recipe.score, prepared.loaded[0].recipe.headline
    metric = metrics.get(name)
    cells = [
        scored_cell(cell, options.store, cell.loaded.recipe.score.split, prepared.session.plan)
        for cell in prepared.session.cells
    ]
    by_label: dict[str, list[ScoredCell]] = {}
    for cell in cells:
        by_label.setdefault(cell.label, []).append(cell)
    values = {
        label: contributions(of_label, metric, scoring, exclude=rules.exclude, tie_credit=rules.tie_credit)
        for label, of_label in by_label.items()
    }
    runs = {label: same_runs(cells, label, prepared.seeds, scoring) for label in values}
    return Contributions(values, runs, prepared.seeds, metric.unit)


def _rows(prepared: PreparedComparison, compared: Compared, of: Contributions) -> list[BoardRow]:
    headline = {row.candidate: row for row in compared.comparisons if (row.metric, row.scoring) == compared.headline}
    higher = next(iter(headline.values())).direction != "lower"
    ranks = rank_rows(of.values, higher_is_better=higher, rng=stream(RANK_SEED, "ranks"))
    responses = responses_of(compared.samples)
    rates = {
        item.label: item.recipe.preference.learning_rate
        for item in prepared.loaded
        if item.recipe.preference is not None and item.recipe.method.name != SFT
    }
    left = {label: "; ".join(item.text for item in row.departures) for label, row in compared.guard.rows.items()}
    rows = [
        _row(
            row,
            ranks[label],
            responses.get(label, RowResponses()),
            mdd_family=_in_family(row, of),
            learning_rate=rates.get(label, math.nan),
            degenerated=left.get(label, ""),
        )
        for label, row in headline.items()
    ]
    return sorted(rows, key=lambda row: (row.rank, row.method))


def _row(
    row: Comparison, rank: Rank, responses: RowResponses, *, mdd_family: float, learning_rate: float, degenerated: str
) -> BoardRow:
    return BoardRow(
        rank=rank.rank,
        method=row.candidate,
        baseline=row.baseline,
        form=", ".join(mark for mark in row.marks if mark in FORMS),
        values={str(seed): value for seed, value in zip(row.seeds, row.values, strict=True)},
        mean=row.mean,
        difference=row.difference,
        low=row.low,
        high=row.high,
        p=row.p,
        p_holm=row.p_holm,
        mdd=row.minimum_detectable_difference,
        mdd_family=mdd_family,
        rank_low=rank.low,
        rank_high=rank.high,
        p_best=rank.best,
        win_rate=responses.win_rate,
        win_rate_low=responses.low,
        win_rate_high=responses.high,
        response_tokens=responses.tokens,
        degenerated=degenerated,
        marks="; ".join(filter(None, map(_said, row.marks))),
        learning_rate=learning_rate,
        metric=row.metric,
        scoring=row.scoring,
        pairs=row.n,
        prompts=row.prompts,
    )


def _said(mark: str) -> str:
    """What a row's mark says beside its form and its departures, which have columns of their own."""
    return "" if mark in FORMS or OUT_OF_RANGE in mark else mark


def _in_family(row: Comparison, of: Contributions) -> float:
    """What could have been seen of a row's difference at the strictest step of Holm's procedure."""
    if math.isnan(row.difference) or len(of.seeds) < 2:  # the baseline's, too
        return math.nan
    both = replicates(of.seeds, {label: of.runs[label] for label in (row.candidate, row.baseline)})
    make = difference_of_rates if of.unit == RATE else seeded_interval
    strict = partial(make, level=1 - ALPHA / (len(of.values) - 1))
    interval = interval_of_runs(of.values[row.candidate] - of.values[row.baseline], both, strict)
    if interval.one_run:
        return math.nan
    return minimum_detectable_difference(interval, largest=1.0 if of.unit == RATE else math.inf).assured
