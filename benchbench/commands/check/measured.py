"""What a recipe's finished cells say about its claims, or why they say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from benchbench import metrics
from benchbench.commands.cell_rows import scored_cell
from benchbench.commands.check.conditions import Difference, known_differences, other_items
from benchbench.commands.run_plan import RunOptions, Session, open_session
from benchbench.comparison.claims.outcome import ClaimVerdict, not_comparable, not_run
from benchbench.comparison.pairs.grid import same_runs
from benchbench.comparison.pairs.measure import measure_one
from benchbench.core.errors import BenchError, ExitCode
from benchbench.plan.graph import Cell
from benchbench.recipe.load import Loaded
from benchbench.store.runs import RunStore


@dataclass(frozen=True)
class Measured:
    """Measurements by seed."""

    values: dict[tuple[str, str], dict[int, float]]
    """(metric, scoring) -> seed -> value."""
    excuse: ClaimVerdict | None
    """Why nothing may be said."""
    runs: dict[str, dict[int, int]] = field(default_factory=dict)
    """Scoring -> seed -> its run; equal numbers are copies of one run."""
    losses: dict[tuple[str, int], float] = field(default_factory=dict)
    """(kind of stage, seed) -> mean of its logged training losses."""


def measure_finished(loaded: Loaded, options: RunOptions) -> Measured:
    """The measurements of a recipe's finished cells, or why they say nothing."""
    try:
        session = open_session([loaded], loaded.recipe.seeds.list, options)
    except BenchError as error:
        if error.exit_code is not ExitCode.UNAVAILABLE:
            raise
        return Measured({}, not_run("model or data are not on this machine"))
    missing = session.plan.unfinished(options.store.is_done)
    done = [cell for cell in session.cells if cell not in missing]
    if not done:
        return Measured({}, not_run("no finished cell"))
    rules = loaded.recipe.score
    values: dict[tuple[str, str], dict[int, float]] = {}
    counts: dict[tuple[str, str], int] = {}
    scored = [scored_cell(cell, options.store, rules.split, session.plan) for cell in done]
    for cell in scored:
        paired = cell.pairs(rules.exclude)
        for claim in loaded.recipe.claims:
            if claim.scoring in paired.available:
                measurement = measure_one(paired, metrics.get(claim.metric), claim.scoring, tie_credit=rules.tie_credit)
                values.setdefault((claim.metric, claim.scoring), {})[cell.seed] = measurement.value
                counts[claim.metric, claim.scoring] = measurement.n
    seeds = [cell.seed for cell in scored]
    runs = {
        scoring: dict(zip(seeds, same_runs(scored, loaded.label, seeds, scoring), strict=True))
        for scoring in {claim.scoring for claim in loaded.recipe.claims}
    }
    different = known_differences(loaded) + other_items(loaded.recipe.claims, counts)
    return Measured(values, _excuse(different), runs, _losses(done, session, options.store))


def _excuse(different: Sequence[Difference]) -> ClaimVerdict | None:
    if not different:
        return None
    parts = tuple(dict.fromkeys(difference.part for difference in different))
    return not_comparable("; ".join(difference.detail for difference in different), parts)


def _losses(cells: Sequence[Cell], session: Session, store: RunStore) -> dict[tuple[str, int], float]:
    losses: dict[tuple[str, int], float] = {}
    for cell in cells:
        for key in session.plan.closure(cell):
            logged = store.logged_losses(key)
            if logged:
                losses[session.plan.stages[key].kind, cell.seed] = fmean(logged)
    return losses
