"""`bench check`: finished cells against the numbers that were reported for their recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, stdev
from typing import Any

from benchbench import metrics
from benchbench.commands.record import score_rows
from benchbench.commands.reported import Difference, known_differences, other_items
from benchbench.commands.session import Options, Session, closure, open_session, unfinished
from benchbench.commands.targets import CHECKS, resolve_all
from benchbench.comparison.measure import measure_one
from benchbench.comparison.replication import Runs
from benchbench.comparison.scorings import pairs
from benchbench.comparison.verdicts import Outcome, Verdict, judge, not_comparable, not_run
from benchbench.core.errors import BenchError, ExitCode
from benchbench.plan.build import Cell
from benchbench.recipe import library
from benchbench.recipe.claims import ClaimSection
from benchbench.recipe.load import Loaded, load_recipe
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.runs import RunStore


@dataclass(frozen=True)
class Checked:
    """One claim of one recipe, judged; an effect is a claim about two recipes."""

    recipe: str
    claim: str
    verdict: Verdict
    source: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """What a recipe's finished cells say."""

    values: dict[tuple[str, str], dict[int, float]]
    """(metric, scoring) -> seed -> value."""
    excuse: Verdict | None
    """Why nothing may be said."""
    losses: dict[tuple[str, int], float] = field(default_factory=dict)
    """(kind of stage, seed) -> mean of its logged training losses."""


@dataclass(frozen=True)
class Report:
    """Everything that `bench check` found."""

    checked: list[Checked]
    losses: list[dict[str, Any]]
    """Reported training losses beside ours; shown, never judged."""


def check(targets: Sequence[str], *, overrides: Sequence[str], options: Options) -> Report:
    """Judge every claim of the recipes, level and effect.

    Args:
        targets: recipes; none means every recipe of the library that has claims.
        overrides: `--set` values; a changed recipe is not the one that was reported on.
        options: of the run; nothing is trained.

    Raises:
        BenchError: a recipe without claims, or a faulty one.
    """
    loaded = _with_claims(targets, overrides)
    found = {item.recipe.name: _look(item, options) for item in loaded}
    checked = [_judged(item, claim, found[item.recipe.name]) for item in loaded for claim in item.recipe.claims]
    named = {item.recipe.name: item for item in loaded}
    effects = [
        _effect(item, named[claim.baseline], claim, found)
        for item in loaded
        for claim in item.recipe.claims
        if claim.baseline in named
    ]
    losses = [row for item in loaded for row in _loss_rows(item, found[item.recipe.name])]
    return Report(checked + [effect for effect in effects if effect is not None], losses)


def exit_code(checked: Sequence[Checked]) -> ExitCode:
    """3 where a number was not reproduced, 4 where one was not run, else 0."""
    outcomes = {one.verdict.outcome for one in checked}
    if Outcome.NOT_REPRODUCED in outcomes:
        return ExitCode.GATE
    return ExitCode.INCOMPLETE if Outcome.NOT_RUN in outcomes else ExitCode.DONE


def _with_claims(targets: Sequence[str], overrides: Sequence[str]) -> list[Loaded]:
    parsed = parse_overrides(overrides)
    if targets:
        loaded = resolve_all(targets, setting=None, overrides=parsed)
        bare = [item.recipe.name for item in loaded if not item.recipe.claims]
        if bare:
            raise BenchError(f"{', '.join(bare)}: no claims, so there is nothing to check")
        return loaded
    entries = [entry for entry in library.entries() if not entry.is_setting and entry.values.get("claims")]
    return [load_recipe(entry, overrides=parsed, checks=CHECKS) for entry in entries]


def _look(loaded: Loaded, options: Options) -> _Found:
    """The measurements of a recipe's finished cells, or why they say nothing."""
    try:
        session = open_session([loaded], loaded.recipe.seeds.list, options)
    except BenchError as error:
        if error.exit_code is not ExitCode.UNAVAILABLE:
            raise
        return _Found({}, not_run("model or data are not on this machine"))
    missing = unfinished(session, options.store)
    done = [cell for cell in session.cells if cell not in missing]
    if not done:
        return _Found({}, not_run("no finished cell"))
    rules = loaded.recipe.score
    values: dict[tuple[str, str], dict[int, float]] = {}
    counts: dict[tuple[str, str], int] = {}
    for cell in done:
        paired = pairs(score_rows(cell, options.store, rules.split), exclude=rules.exclude)
        for claim in loaded.recipe.claims:
            if claim.scoring in paired.available:
                one = measure_one(paired, metrics.get(claim.metric), claim.scoring, tie_credit=rules.tie_credit)
                values.setdefault((claim.metric, claim.scoring), {})[cell.seed] = one.value
                counts[claim.metric, claim.scoring] = one.n
    different = known_differences(loaded) + other_items(loaded.recipe.claims, counts)
    return _Found(values, _excuse(different), _losses(done, session, options.store))


def _excuse(different: Sequence[Difference]) -> Verdict | None:
    if not different:
        return None
    parts = tuple(dict.fromkeys(one.part for one in different))
    return not_comparable("; ".join(one.detail for one in different), parts)


def _losses(cells: Sequence[Cell], session: Session, store: RunStore) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    for cell in cells:
        for key in closure(cell, session.plan):
            logged = store.logged_losses(key)
            if logged:
                found[session.plan.stages[key].kind, cell.seed] = fmean(logged)
    return found


def _loss_rows(loaded: Loaded, found: _Found) -> list[dict[str, Any]]:
    return [
        {
            "recipe": loaded.recipe.name,
            "stage": one.stage,
            "seed": seed,
            "reported": value,
            "found (mean of logged steps)": found.losses.get((one.stage, seed)),
            "source": one.source,
        }
        for one in loaded.recipe.reported_losses
        for seed, value in one.values.items()
    ]


def _judged(loaded: Loaded, claim: ClaimSection, found: _Found) -> Checked:
    ours = found.values.get((claim.metric, claim.scoring), {})
    reported = reported_runs(claim)
    if found.excuse is not None:
        verdict = replace(found.excuse, reported=reported)
    elif not ours:
        verdict = replace(not_run(f"no finished cell has scores under {claim.scoring}"), reported=reported)
    else:
        verdict = judge(reported, runs_of(list(ours.values())), tolerance=claim.tolerance)
        verdict = replace(verdict, detail=verdict.detail + _seeds(ours, loaded))
    name = f"{claim.metric} ({claim.scoring})"
    return Checked(loaded.recipe.name, name, verdict, claim.source, claim.assumptions)


def _seeds(ours: Mapping[int, float], loaded: Loaded) -> str:
    """Which seeds an incomplete answer rests on."""
    missing = [seed for seed in loaded.recipe.seeds.list if seed not in ours]
    return f"; without seed {', '.join(map(str, missing))}, not run" if missing else ""


def _effect(loaded: Loaded, baseline: Loaded, claim: ClaimSection, found: dict[str, _Found]) -> Checked | None:
    """The claimed difference to the baseline, paired by seed on both sides; none where it was not reported so."""
    key = (claim.metric, claim.scoring)
    reported = reported_effect(loaded, baseline, key)
    if reported is None:
        return None
    ours, theirs = found[loaded.recipe.name], found[baseline.recipe.name]
    excuse = ours.excuse or theirs.excuse
    shared = sorted({*ours.values.get(key, {})} & {*theirs.values.get(key, {})})
    if excuse is not None:
        verdict = replace(excuse, reported=reported)
    elif not shared:
        verdict = replace(not_run("no seed is finished for both"), reported=reported)
    else:
        differences = [ours.values[key][seed] - theirs.values[key][seed] for seed in shared]
        verdict = judge(reported, runs_of(differences), tolerance=claim.tolerance)
        same = math.copysign(1, reported.mean) == math.copysign(1, fmean(differences))
        verdict = replace(verdict, detail=f"{verdict.detail}; sign {'agrees' if same else 'differs'}")
    name = f"{claim.metric} ({claim.scoring}), difference to {baseline.recipe.name}"
    return Checked(loaded.recipe.name, name, verdict, claim.source, claim.assumptions)


def reported_effect(loaded: Loaded, baseline: Loaded, key: tuple[str, str]) -> Runs | None:
    """The reported differences between two recipes, seed by seed; none where they were not reported by seed.

    Args:
        loaded: the recipe whose claims name the baseline.
        baseline: that recipe.
        key: metric and scoring.
    """

    def values(item: Loaded) -> Mapping[int, float] | None:
        return next((c.values for c in item.recipe.claims if (c.metric, c.scoring) == key), None)

    mine, theirs = values(loaded), values(baseline)
    if loaded is baseline or mine is None or theirs is None or set(mine) != set(theirs):
        return None
    return runs_of([mine[seed] - theirs[seed] for seed in sorted(mine)])


def reported_runs(claim: ClaimSection) -> Runs:
    """The report's runs: from single values, or as mean, spread and number."""
    if claim.values is not None:
        return runs_of(list(claim.values.values()))
    assert claim.mean is not None and claim.k is not None, "the schema asks for them"
    return Runs(claim.mean, math.nan if claim.sd is None else claim.sd, claim.k)


def runs_of(values: Sequence[float]) -> Runs:
    """Mean, sample standard deviation and number of single runs."""
    return Runs(fmean(values), stdev(values) if len(values) > 1 else math.nan, len(values))


def rows(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """The verdict table."""
    return [
        {
            "recipe": one.recipe,
            "claim": one.claim,
            "reported": _runs(one.verdict.reported),
            "found": _runs(one.verdict.found),
            "difference [95%]": _interval(one.verdict),
            "expected [95%]": _bounds(one.verdict),
            "verdict": one.verdict.words,
            "detail": one.verdict.detail,
            "assumptions": "; ".join(one.assumptions) or "-",
        }
        for one in checked
    ]


def _runs(runs: Runs | None) -> str:
    if runs is None:
        return "-"
    spread = "" if math.isnan(runs.sd) else f" (sd {runs.sd:.4f})"
    return f"{runs.mean:.4f}{spread}, k = {runs.k}"


def _bounds(verdict: Verdict) -> str:
    low, high = verdict.prediction
    return "-" if math.isnan(low) else f"{low:.4f} to {high:.4f}"


def _interval(verdict: Verdict) -> str:
    if verdict.difference is None:
        return "-"
    low, high = verdict.difference.low, verdict.difference.high
    bounds = "n/a" if math.isnan(low) else f"{low:+.4f}, {high:+.4f}"
    return f"{verdict.difference.mean:+.4f} [{bounds}]"
