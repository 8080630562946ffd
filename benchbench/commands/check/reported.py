"""What reported numbers say of a claimed difference by themselves, without any run of ours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchbench.commands.check.claimed import reported_effect, reported_runs
from benchbench.comparison.reported.contrasts import (
    ALPHA,
    Contrast,
    Reread,
    by_seed,
    independent,
    read_together,
    without_spread,
)
from benchbench.comparison.stats.intervals import undefined_interval
from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded


@dataclass(frozen=True)
class ReportedDifference:
    """A claimed difference to another recipe, tested with the numbers of the report."""

    recipe: str
    source: str
    row: Reread


def reported_differences(loaded: Sequence[Loaded], named: Mapping[str, Loaded]) -> list[ReportedDifference]:
    """Every difference that recipes claim, all of them one family.

    Args:
        loaded: recipes that are checked.
        named: these and their baselines, by name.

    Paired where both recipes have values of the same seeds, else by Welch's t from mean, spread and number of runs.
    """
    claimed = [(item, claim) for item in loaded for claim in item.recipe.claims if claim.baseline is not None]
    rows = read_together([_contrast(item, named[str(claim.baseline)], claim) for item, claim in claimed])
    return [
        ReportedDifference(item.recipe.name, claim.source, row)
        for (item, claim), row in zip(claimed, rows, strict=True)
    ]


def _contrast(loaded: Loaded, baseline: Loaded, claim: ClaimSection) -> Contrast:
    key = (claim.metric, claim.scoring)
    ours = reported_runs(claim)
    other = next((c for c in baseline.recipe.claims if (c.metric, c.scoring) == key), None)
    reported_baseline = None if other is None else reported_runs(other)
    paired = reported_effect(loaded, baseline, key)
    notes: list[str] = []
    if paired is not None:
        interval, seeds = by_seed(paired), (paired.k, paired.k)
        notes += [f"the differences have {note}" for note in [without_spread(paired)] if note]
    elif reported_baseline is None:
        interval = undefined_interval(math.nan, level=1 - ALPHA, note="no value of the baseline was reported")
        seeds = (ours.k, 0)
    else:
        interval, seeds = independent(ours, reported_baseline), (ours.k, reported_baseline.k)
        sides = ((loaded.recipe.name, ours), (baseline.recipe.name, reported_baseline))
        notes += [f"{name} has {note}" for name, runs in sides if (note := without_spread(runs))]
    return Contrast(
        candidate=loaded.recipe.name,
        baseline=baseline.recipe.name,
        metric=f"{claim.metric} ({claim.scoring})",
        seeds=seeds,
        interval=interval,
        paired=paired is not None,
        notes=tuple(notes),
    )
