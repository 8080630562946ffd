"""The runs behind reported claims: means, spreads and numbers, and differences of two recipes seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from benchbench.comparison.claims.replication import Runs
from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded


def reported_effect(loaded: Loaded, baseline: Loaded, key: tuple[str, str]) -> Runs | None:
    """The reported differences between two recipes, seed by seed; none where they were not reported by seed.

    Args:
        loaded: the recipe whose claims name the baseline.
        baseline: that recipe.
        key: metric and scoring.
    """

    def values(item: Loaded) -> Mapping[int, float] | None:
        return next((c.values for c in item.recipe.claims if (c.metric, c.scoring) == key), None)

    of_recipe, of_baseline = values(loaded), values(baseline)
    if loaded is baseline or of_recipe is None or of_baseline is None or set(of_recipe) != set(of_baseline):
        return None
    return runs_of([of_recipe[seed] - of_baseline[seed] for seed in sorted(of_recipe)])


def reported_runs(claim: ClaimSection) -> Runs:
    """The report's runs: from single values, or as mean, spread and number."""
    if claim.values is not None:
        return runs_of(list(claim.values.values()))
    assert claim.mean is not None and claim.k is not None, "the schema asks for them"
    return Runs(claim.mean, math.nan if claim.sd is None else claim.sd, claim.k)


def runs_of(values: Sequence[float]) -> Runs:
    """Mean, sample standard deviation and number of single runs."""
    return Runs(fmean(values), stdev(values) if len(values) > 1 else math.nan, len(values))
