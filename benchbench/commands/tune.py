"""`bench tune`: an equal grid on a validation split, and a rule fixed beforehand that picks from it.

The rule: of the settings whose headline metric is not worse than the best's by more than one standard error of
their paired difference (over seeds and prompts), the first in the order of the grid. A grid written from the
gentlest setting upwards thus gives the gentlest that the data cannot tell from the best.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console

from benchbench import metrics
from benchbench.commands.cell_rows import scored_cell
from benchbench.commands.resolve import common_seeds, parse_seeds, resolve
from benchbench.commands.run_plan import RunOptions, incomplete, open_session, run_session
from benchbench.comparison.pairs.grid import ScoredCell, same_runs
from benchbench.comparison.pairs.replicates import replicates
from benchbench.comparison.stats.intervals import Interval, crossed_interval
from benchbench.core.clusters import over_prompts
from benchbench.core.errors import BenchError, Fault
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override, parse_overrides


@dataclass(frozen=True)
class Tuned:
    """The grid of one method."""

    label: str
    split: str
    seeds: tuple[int, ...]
    rows: list[dict[str, object]]
    """One per setting: its values, the metric by seed and its mean, how far it is below the best, chosen or not."""
    notes: tuple[str, ...] = ()
    """Where the rule could not be applied, and what was done instead."""


def parse_grid(texts: Sequence[str]) -> list[tuple[Override, ...]]:
    """`key=v1,v2,v3` texts to every combination of their values, the last key varying fastest.

    Raises:
        BenchError: a text without key or with fewer than two values.
    """
    axes: list[list[Override]] = []
    faults: list[Fault] = []
    for text in texts:
        key, _, values = text.partition("=")
        parts = values.split(",")
        if len(parts) < 2:
            faults.append(Fault(f"--grid {text}", "expected key=v1,v2,..., with two values or more"))
            continue
        axes.append([parse_overrides([f"{key}={part}"])[0] for part in parts])
    if faults or not axes:
        raise BenchError.of_faults("command line", faults or [Fault("--grid", "required, not given")])
    return list(itertools.product(*axes))


def tune(
    target: str,
    *,
    grid: Sequence[str],
    split: str,
    setting: str | None,
    seeds: Sequence[str] | None,
    overrides: Sequence[str],
    options: RunOptions,
    console: Console,
) -> Tuned:
    """Train every setting of the grid, score it on a validation split, pick by the rule.

    Raises:
        BenchError: the split that the recipe is reported on; tuning on it would spend it.
    """
    fixed = parse_overrides(overrides)
    settings = parse_grid(grid)
    loaded = [resolve(target, setting=setting, overrides=(*fixed, *values)) for values in settings]
    if split == loaded[0].recipe.score.split:
        raise BenchError(
            f"--split: '{split}' is the split that results are reported on; tune on another, as validation"
        )
    chosen_seeds = common_seeds(loaded, parse_seeds(seeds))
    named = [_named(item, values) for item, values in zip(loaded, settings, strict=True)]
    session = open_session(named, chosen_seeds, options, score_split=split)
    error = incomplete(session, options.store, run_session(session, options, console))
    if error is not None:
        raise error
    scored = [scored_cell(cell, options.store, split, session.plan) for cell in session.cells]
    tried = [_tried(item, scored, chosen_seeds) for item in named]
    return pick(loaded[0].label, split, settings, tried)


@dataclass(frozen=True, eq=False)
class Tried:
    """One setting of the grid."""

    label: str
    seeds: tuple[int, ...]
    values: np.ndarray
    """[k seeds, prompts] contributions to the headline metric."""
    runs: list[int]
    """[k] the run of each seed; equal numbers are copies of one run."""

    @property
    def mean(self) -> float:
        """Mean over different runs."""
        return replicates(self.seeds, {self.label: self.runs}).mean(self.values.mean(axis=1))

    def below(self, other: Tried) -> tuple[Interval, int, str]:
        """(how far it is below another setting, number of different runs behind that, what to say of them)."""
        both = replicates(self.seeds, {self.label: self.runs, other.label: other.runs})
        differences, note = both.merged(other.values - self.values)
        return crossed_interval(differences), len(differences), note


def pick(label: str, split: str, settings: Sequence[tuple[Override, ...]], tried: Sequence[Tried]) -> Tuned:
    """The rule: the first setting no more than one standard error below the best; one run has no standard error."""
    best = tried[int(np.argmax([trial.mean for trial in tried]))]
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    for values, trial in zip(settings, tried, strict=True):
        per_seed = {f"seed {s}": float(v) for s, v in zip(trial.seeds, trial.values.mean(axis=1), strict=True)}
        below, k, copied = trial.below(best)
        se = below.se if k > 1 else math.nan
        if trial is not best:
            notes += [_no_rule(trial.seeds, copied)] if k == 1 else [copied]
        good = trial is best or below.mean <= 0 or below.mean <= se
        row: dict[str, object] = {override.key: override.value for override in values}
        row |= {**per_seed, "mean": trial.mean, "below best": below.mean, "se": se}
        rows.append({**row, "chosen": "chosen" if good and not any(r["chosen"] for r in rows) else ""})
    return Tuned(label, split, tried[0].seeds, rows, tuple(dict.fromkeys(note for note in notes if note)))


def _no_rule(seeds: Sequence[int], copied: str) -> str:
    why = copied or f"one seed ({seeds[0]}): seed variance not estimated"
    return f"{why}; so there is no standard error, and the best of one run of each setting was chosen"


def _named(loaded: Loaded, values: Sequence[Override]) -> Loaded:
    """The recipe under a variant name of its own, so that cells of the grid can be distinguished."""
    variant = ",".join(override.text for override in values)
    method = loaded.recipe.method.model_copy(update={"variant": variant})
    return replace(loaded, recipe=loaded.recipe.model_copy(update={"method": method}))


def _tried(loaded: Loaded, cells: Sequence[ScoredCell], seeds: tuple[int, ...]) -> Tried:
    """The contributions of one setting to the headline metric, and which of its seeds are different runs."""
    headline, scoring = loaded.recipe.headline
    metric = metrics.get(headline)
    if metric.per_pair is None:
        raise BenchError(
            f"score.headline.metric: '{metric.name}' is no mean over pairs, so the rule has no standard error"
        )
    rules = loaded.recipe.score
    rows = []
    for cell in cells:
        if cell.label == loaded.label:
            paired = cell.pairs(rules.exclude)
            scores = paired.scores(scoring, tie_credit=rules.tie_credit)
            rows.append(over_prompts(metric.per_pair(scores), scores.prompt))
    return Tried(loaded.label, seeds, np.stack(rows), same_runs(cells, loaded.label, seeds, scoring))
