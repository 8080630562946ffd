"""Every recipe of a setting in one table: differences, ranks, win rates, and what became of the responses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from rich.console import Console

from benchbench import methods, metrics
from benchbench.commands.cell_rows import scored_cell
from benchbench.commands.compare.compared import Compared, compare
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.leaderboard.degeneration import degeneration
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.pairs.ranks import rank_rows
from benchbench.comparison.pairs.table import Comparison
from benchbench.comparison.stats.intervals import crossed_interval
from benchbench.comparison.stats.power import minimum_detectable_difference
from benchbench.core.clusters import over_prompts
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.seeding import stream
from benchbench.plan.judge_stages import CHOSEN
from benchbench.recipe import library

RANK_SEED = 20_261_128
"""Fixed, so that the same rows give the same ranks."""
ALPHA = 0.05
"""Level of the tests, over all rows together after Holm."""


@dataclass(frozen=True)
class Board:
    """The leaderboard of a setting."""

    frame: pd.DataFrame
    """A row per recipe, the best first."""
    notice: str
    """What the setting is, where it is no evidence."""


def setting_targets(setting: str, *, baseline: str) -> list[str]:
    """The recipes of a setting, the baseline's first; the SFT policy gets its row without being named.

    Raises:
        BenchError: no recipe of the setting, or none of the baseline.
    """
    entries = [entry for entry in library.entries() if not entry.is_setting and entry.setting_name == setting]
    trained = [entry for entry in entries if entry.method[0] not in ("sft", "reward_model")]
    if not trained:
        raise BenchError(f"--setting: expected a setting with recipes of methods, found none for '{setting}'")
    first = [entry for entry in trained if _label(*entry.method) == baseline]
    if not first:
        raise BenchError(f"--baseline: setting '{setting}' has no recipe of '{baseline}'")
    return [str(entry.path) for entry in (*first, *(entry for entry in trained if entry not in first))]


def leaderboard(
    setting: str,
    *,
    baseline: str,
    seeds: Sequence[str] | None,
    overrides: Sequence[str],
    pairs_only: bool,
    options: RunOptions,
    console: Console,
) -> Board:
    """Train what is missing of every recipe, and put them in order.

    Raises:
        BenchError: as `bench compare` of the same recipes.
    """
    request = CompareRequest(
        setting_targets(setting, baseline=baseline), seeds=seeds, overrides=overrides, pairs_only=pairs_only
    )
    prepared = prepare_comparison(request, options)
    compared = compare(prepared, request, options, console)
    return Board(_frame(prepared, compared, _contributions(prepared, options)), prepared.notice)


def _contributions(prepared: PreparedComparison, options: RunOptions) -> dict[str, Array]:
    """Label -> [k seeds, prompts] contributions to the headline metric.

    Raises:
        BenchError: a headline that is no mean over pairs.
    """
    rules = prepared.loaded[0].recipe.score
    metric = metrics.get(rules.headline.metric)
    if metric.per_pair is None:
        raise BenchError(f"score.headline.metric: '{metric.name}' is no mean over pairs, so rows have no ranks")
    values: dict[str, list[Array]] = {}
    for cell in prepared.session.cells:
        scored = scored_cell(cell, options.store, cell.loaded.recipe.score.split, prepared.session.plan)
        scores = scored.pairs(rules.exclude).scores(rules.headline.scoring, tie_credit=rules.tie_credit)
        values.setdefault(scored.label, []).append(over_prompts(metric.per_pair(scores), scores.prompt))
    return {label: np.stack(rows) for label, rows in values.items()}


def _frame(prepared: PreparedComparison, compared: Compared, contributions: Mapping[str, Array]) -> pd.DataFrame:
    headline = {row.candidate: row for row in compared.comparisons if (row.metric, row.scoring) == compared.headline}
    rng = stream(RANK_SEED, "ranks")
    first = next(iter(headline.values()))
    ranks = rank_rows(contributions, higher_is_better=first.direction != "lower", rng=rng)
    rates, tokens, marks = _responses(compared)
    rows = []
    for label, row in headline.items():
        rank = ranks[label]
        rows.append(
            {
                "rank": rank.rank,
                "method": label,
                "form": methods.get(label.partition("@")[0]).status,
                **{f"seed {seed}": value for seed, value in zip(row.seeds, row.values, strict=True)},
                "mean": row.mean,
                **_difference(row, contributions, family=len(headline) - 1),
                "rank_low": rank.low,
                "rank_high": rank.high,
                "p_best": rank.best,
                **rates.get(label, {"win_rate": math.nan, "win_rate_low": math.nan, "win_rate_high": math.nan}),
                "response_tokens": tokens.get(label, math.nan),
                "degenerated": "; ".join(marks.get(label, ())),
                "marks": "; ".join(row.marks),
                "learning_rate": _learning_rate(prepared, label),
                "metric": row.metric,
                "scoring": row.scoring,
                "pairs": row.n,
                "prompts": row.prompts,
            }
        )
    return pd.DataFrame(rows).sort_values(["rank", "method"], ignore_index=True)


def _difference(row: Comparison, contributions: Mapping[str, Array], *, family: int) -> dict[str, float]:
    """The difference to the baseline, and what could have been seen of it: alone, and at Holm's strictest step."""
    values = {
        "difference": row.difference,
        "low": row.low,
        "high": row.high,
        "p": row.p,
        "p_holm": row.p_holm,
        "mdd": row.minimum_detectable_difference,
        "mdd_family": math.nan,
    }
    if row.candidate == row.baseline or len(row.seeds) < 2:
        return values
    interval = crossed_interval(contributions[row.candidate] - contributions[row.baseline])
    strict = replace(interval, level=1 - ALPHA / family)
    return values | {"mdd_family": minimum_detectable_difference(strict).assured}


def _responses(
    compared: Compared,
) -> tuple[dict[str, dict[str, float]], dict[str, float], dict[str, tuple[str, ...]]]:
    """By label: win rate against the data's chosen responses, mean length, and marks of degeneration."""
    samples = compared.samples
    if samples is None:
        return {}, {}, {}
    rates = {
        row.label: {
            "win_rate": row.raw.interval.mean,
            "win_rate_low": row.raw.interval.low,
            "win_rate_high": row.raw.interval.high,
        }
        for row in samples.rows
        if row.opponent == CHOSEN
    }
    means = samples.statistics.groupby(["method", "metric"])["value"].mean().unstack()
    tokens = {str(label): float(value) for label, value in means["response_tokens"].items()}
    return rates, tokens, degeneration(means)


def _learning_rate(prepared: PreparedComparison, label: str) -> float:
    section = next((item.recipe.preference for item in prepared.loaded if item.label == label), None)
    return math.nan if section is None or label == "sft" else section.learning_rate


def _label(name: str, variant: str) -> str:
    return name if variant == "default" else f"{name}@{variant}"
