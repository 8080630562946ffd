"""`bench check`: finished cells against the numbers that were reported for their recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchbench import metrics
from benchbench.commands.check.claimed import reported_effect, reported_runs, runs_of
from benchbench.commands.check.measured import Measured, measure_finished
from benchbench.commands.check.reported import ReportedDifference, reported_differences
from benchbench.commands.resolve import CHECKS, resolve_all
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.claims.outcome import ClaimOutcome, ClaimVerdict, gates, judge, not_run
from benchbench.comparison.claims.replication import Runs
from benchbench.comparison.pairs.replicates import replicates
from benchbench.comparison.pairs.table import RATE
from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.recipe import library
from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded, load_recipe
from benchbench.recipe.overrides import Override, parse_overrides


@dataclass(frozen=True)
class Checked:
    """One claim of one recipe, judged; an effect is a claim about two recipes."""

    recipe: str
    claim: str
    verdict: ClaimVerdict
    source: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Everything that `bench check` measured."""

    checked: list[Checked]
    losses: list[dict[str, Any]]
    """Reported training losses beside ours; shown, never judged."""
    reported: list[ReportedDifference]
    """What the reports say of their claimed differences by themselves."""


def check(targets: Sequence[str], *, overrides: Sequence[str], options: RunOptions) -> Report:
    """Judge every claim of the recipes, level and effect.

    Args:
        targets: recipes; none means every recipe of the library that has claims.
        overrides: `--set` values; a changed recipe is not the one that was reported on.
        options: of the run; nothing is trained.

    Raises:
        BenchError: a recipe without claims, or a faulty one.
    """
    parsed = parse_overrides(overrides)
    return check_loaded(_with_claims(targets, parsed), overrides=parsed, options=options)


def check_loaded(loaded: Sequence[Loaded], *, overrides: Sequence[Override], options: RunOptions) -> Report:
    """Judge every claim of recipes that are resolved already; the arguments are those of `check`.

    Raises:
        BenchError: a claim names a baseline that no recipe has for a name.
    """
    named = {item.recipe.name: item for item in loaded}
    named |= _baselines(loaded, named, overrides)
    measured = {name: measure_finished(item, options) for name, item in named.items()}
    checked = [_judged(item, claim, measured[item.recipe.name]) for item in loaded for claim in item.recipe.claims]
    effects = [
        _effect(item, named[claim.baseline], claim, measured)
        for item in loaded
        for claim in item.recipe.claims
        if claim.baseline is not None
    ]
    losses = [row for item in loaded for row in _loss_rows(item, measured[item.recipe.name])]
    return Report(
        checked + [effect for effect in effects if effect is not None], losses, reported_differences(loaded, named)
    )


def exit_code(checked: Sequence[Checked]) -> ExitCode:
    """3 where a number was not reproduced or is decisively outside after the correction, 4 where one was not run."""
    verdicts = [check.verdict for check in checked]
    if any(gate.fails for gate in gates(verdicts)):
        return ExitCode.GATE
    return (
        ExitCode.INCOMPLETE if any(verdict.outcome is ClaimOutcome.NOT_RUN for verdict in verdicts) else ExitCode.DONE
    )


def _with_claims(targets: Sequence[str], overrides: Sequence[Override]) -> list[Loaded]:
    if targets:
        loaded = resolve_all(targets, setting=None, overrides=overrides)
        bare = [item.recipe.name for item in loaded if not item.recipe.claims]
        if bare:
            raise BenchError(f"{', '.join(bare)}: no claims, so there is nothing to check")
        return loaded
    entries = [entry for entry in library.entries() if not entry.is_setting and entry.values.get("claims")]
    return [load_recipe(entry, overrides=overrides, checks=CHECKS) for entry in entries]


def _baselines(
    loaded: Sequence[Loaded], named: Mapping[str, Loaded], overrides: Sequence[Override]
) -> dict[str, Loaded]:
    """The recipes that claimed effects are differences to, where they are not checked themselves.

    Overrides of a method or of preference training do not apply to them.

    Raises:
        BenchError: a claim names a baseline that no recipe has for a name.
    """
    shared = tuple(o for o in overrides if not o.key.startswith(("method", "preference")))
    wanted = {claim.baseline: item for item in loaded for claim in item.recipe.claims if claim.baseline is not None}
    entries = {str(entry.values.get("name")): entry for entry in library.entries() if not entry.is_setting}
    faults = [
        Fault(f"{item.path}: claims", f"expected the name of a recipe as baseline, got '{name}'")
        for name, item in wanted.items()
        if name not in named and name not in entries
    ]
    if faults:
        raise BenchError.of_faults("claims", faults)
    return {name: load_recipe(entries[name], overrides=shared, checks=CHECKS) for name in wanted if name not in named}


def _loss_rows(loaded: Loaded, measured: Measured) -> list[dict[str, Any]]:
    return [
        {
            "recipe": loaded.recipe.name,
            "stage": loss.stage,
            "seed": seed,
            "reported": value,
            "found (mean of logged steps)": measured.losses.get((loss.stage, seed)),
            "source": loss.source,
        }
        for loss in loaded.recipe.reported_losses
        for seed, value in loss.values.items()
    ]


def _judged(loaded: Loaded, claim: ClaimSection, measured: Measured) -> Checked:
    ours = measured.values.get((claim.metric, claim.scoring), {})
    reported = reported_runs(claim)
    if measured.excuse is not None:
        verdict = replace(measured.excuse, reported=reported, found=_runs(claim, ours, [measured])[0] if ours else None)
    elif not ours:
        verdict = replace(not_run(f"no finished cell has scores under {claim.scoring}"), reported=reported)
    else:
        runs, note = _runs(claim, ours, [measured])
        verdict = judge(reported, runs, tolerance=claim.tolerance, limits=_limits(claim))
        verdict = replace(verdict, detail=verdict.detail + note + _seeds(ours, loaded))
    name = f"{claim.metric} ({claim.scoring})"
    return Checked(loaded.recipe.name, name, verdict, claim.source, claim.assumptions)


def _runs(claim: ClaimSection, values: Mapping[int, float], sides: Sequence[Measured]) -> tuple[Runs, str]:
    """The different runs among the values of some seeds, and what to say where some are copies of one run."""
    runs_by_side = {str(place): [side.runs[claim.scoring][seed] for seed in values] for place, side in enumerate(sides)}
    runs = replicates(list(values), runs_by_side)
    values_of_runs, _ = runs.merged(np.array(list(values.values())))
    copied = f"; {len(values)} seeds are {runs.k} different runs" if runs.k < len(values) else ""
    return runs_of(values_of_runs.tolist()), copied


def _limits(claim: ClaimSection) -> tuple[float, float]:
    """Least and largest value of the claimed metric."""
    return (0.0, 1.0) if metrics.get(claim.metric).unit == RATE else (-math.inf, math.inf)


def _seeds(ours: Mapping[int, float], loaded: Loaded) -> str:
    """Which seeds an incomplete answer rests on."""
    missing = [seed for seed in loaded.recipe.seeds.list if seed not in ours]
    return f"; without seed {', '.join(map(str, missing))}, not run" if missing else ""


def _effect(loaded: Loaded, baseline: Loaded, claim: ClaimSection, measured: dict[str, Measured]) -> Checked | None:
    """The claimed difference to the baseline, paired by seed on both sides; none where it was not reported so."""
    key = (claim.metric, claim.scoring)
    reported = reported_effect(loaded, baseline, key)
    if reported is None:
        return None
    of_recipe, of_baseline = measured[loaded.recipe.name], measured[baseline.recipe.name]
    excuse = of_recipe.excuse or of_baseline.excuse
    shared = sorted({*of_recipe.values.get(key, {})} & {*of_baseline.values.get(key, {})})
    differences = {seed: of_recipe.values[key][seed] - of_baseline.values[key][seed] for seed in shared}
    both = [of_recipe, of_baseline]
    if excuse is not None:
        verdict = replace(excuse, reported=reported, found=_runs(claim, differences, both)[0] if shared else None)
    elif not shared:
        verdict = replace(not_run("no seed is finished for both"), reported=reported)
    else:
        runs, note = _runs(claim, differences, both)
        most = _limits(claim)[1]
        verdict = judge(reported, runs, tolerance=claim.tolerance, limits=(-most, most))
        same = math.copysign(1, reported.mean) == math.copysign(1, runs.mean)
        verdict = replace(verdict, detail=f"{verdict.detail}{note}; sign {'agrees' if same else 'differs'}")
    name = f"{claim.metric} ({claim.scoring}), difference to {baseline.recipe.name}"
    return Checked(loaded.recipe.name, name, verdict, claim.source, claim.assumptions)
