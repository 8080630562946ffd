"""`bench regress`: committed reference results made again, in three tiers, with a canary that must fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console

from benchbench.commands.cell_rows import score_rows
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.compare.win_rates import verdict_rows
from benchbench.commands.evaluate.run import external_session
from benchbench.commands.regress.reference import REMAKE, Committed
from benchbench.commands.run_plan import RunOptions, Session, incomplete, run_session
from benchbench.comparison.claims.regression import (
    GATE,
    WARN,
    Band,
    drift,
    measured_again,
    moved,
    win_rates_again,
)
from benchbench.comparison.pairs.measure import measure
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.method import plain_name

TIERS = (1, 2, 3)


@dataclass(frozen=True)
class Finding:
    """One number or set of numbers that was recomputed, beside what was expected."""

    tier: str
    what: str
    expected: str
    found: str
    verdict: str
    """`same`, `moved`, `inside`, `outside`, `warning`, `noticed` or `not noticed`."""

    @property
    def fails(self) -> bool:
        """Whether the gate fails for it."""
        return self.verdict in ("moved", "outside", "not noticed")


def new_seeds(committed: Committed) -> tuple[int, int]:
    """Two seeds that the reference does not have."""
    fresh = (seed for seed in range(101, 10_000) if seed not in committed.about["seeds"])
    return next(fresh), next(fresh)


def recompute(committed: Committed) -> Iterator[Finding]:
    """Tier 1: measurements from the committed rows, win rates from the verdicts, every file by its content."""
    about = committed.about
    again = measured_again(committed.rows, tie_credit=about["tie_credit"], exclude=about["exclude"])
    what = f"{len(committed.values)} measurements from {len(committed.rows)} rows"
    yield from _recomputed(what, moved(committed.values, again))
    if committed.verdicts is not None or committed.win_rates:
        verdicts = committed.verdicts
        again = {} if verdicts is None else win_rates_again(verdicts)
        what = f"{len(committed.win_rates)} win rates from {0 if verdicts is None else len(verdicts)} verdicts"
        yield from _recomputed(what, moved(committed.win_rates, again))
    what = f"{committed.store.listed_files} files of the manifest"
    yield from _recomputed(what, committed.store.faults(), expected="as they were written")


def _recomputed(what: str, lines: Sequence[str], *, expected: str = "equal to 1e-9") -> Iterator[Finding]:
    if not lines:
        yield Finding("1 recompute", what, expected, "equal", "same")
    for line in lines[:_MOST]:
        yield Finding("1 recompute", what, expected, line, "moved")
    if len(lines) > _MOST:
        yield Finding("1 recompute", what, expected, f"and {len(lines) - _MOST} more", "moved")


_MOST = 10
"""Lines of a list that a reader is shown."""


def rescore(committed: Committed, options: RunOptions, console: Console) -> Iterator[Finding]:
    """Tier 2: the committed checkpoint scored again."""
    about = committed.about
    session = external_session(str(committed.store.checkpoint), about["setting"], (), options)
    _finish(session, options, console)
    cell = session.cells[0]
    fresh = score_rows(cell, options.store, cell.loaded.recipe.score.split)
    recipe = _recipe_of(committed, about["checkpoint"])
    old = committed.rows.query("recipe == @recipe and seed == @about['seed']")
    what = f"{recipe} seed {about['seed']}: {len(old)} responses"
    try:
        drifted = drift(old, fresh)
    except ValueError as error:
        yield Finding("2 re-score", what, "the same responses", str(error), "moved")
        return
    summary = f"{drifted.per_token:.2g} nats per token at most"
    if drifted.turned:
        summary += f"; pairs whose order changed beyond the noise: {', '.join(drifted.turned[:_MOST])}"
    yield Finding("2 re-score", what, "within 0.001 nats per token", summary, "same" if drifted.small else "moved")


def _recipe_of(committed: Committed, label: str) -> str:
    rows = committed.rows
    names = rows["method"].map(plain_name)
    labels = names.where(rows["variant"] == "default", names + "@" + rows["variant"])
    return str(rows.loc[labels == label, "recipe"].iloc[0])


def retrain(
    committed: Committed,
    seeds: Sequence[int],
    overrides: Sequence[str],
    options: RunOptions,
    console: Console,
) -> Iterator[Finding]:
    """Tier 3: every row of the reference at a new seed; a breach of the headline is tried once with each further seed.

    Raises:
        BenchError: a recipe is not the one the reference was made with, or a stage failed.
    """
    gate, warn = committed.bands(GATE), committed.bands(WARN)
    targets = list(committed.about["targets"])
    for place, seed in enumerate(seeds):
        last = place == len(seeds) - 1
        breached: list[str] = []
        inside = outside = unplaced = 0
        samples = committed.verdicts is not None
        for run in _trained(committed, targets, seed, overrides, options, console, samples=samples):
            for (metric, scoring), value in run.values.items():
                headline = (metric, scoring) == committed.headline
                expected = (gate if headline else warn).get((run.recipe, metric, scoring))
                if expected is None:
                    continue
                held = expected.holds(value)
                if not headline and expected.unknown and value != expected.mean:
                    unplaced += 1
                elif not headline:
                    inside, outside = inside + held, outside + (not held)
                if headline or not held:
                    yield _placed(f"{run.recipe} seed {seed}, {metric} ({scoring})", expected, value, headline, last)
                if headline and not held:
                    breached.append(run.target)
        yield Finding(
            "3 re-train",
            f"seed {seed}: {inside + outside + unplaced} other numbers" + (", win rates among them" if samples else ""),
            f"inside their bands of {1 - WARN:.1%}",
            (f"{unplaced} differ from committed runs without spread; " if unplaced else "")
            + (f"{outside} outside" if outside else "all others inside" if unplaced else "all inside"),
            "warning" if outside or unplaced else "inside",
        )
        targets = breached
        if not targets:
            return


def _placed(what: str, expected: Band, value: float, headline: bool, last: bool) -> Finding:
    """A value and its band; a headline number outside is tried again while there are seeds."""
    verdict, shown = "inside", f"{value:.4f}"
    if expected.unknown:
        known = f"{expected.mean:.4f}, without a band: the committed runs show no spread"
        return Finding("3 re-train", what, known, shown, "same" if value == expected.mean else "warning")
    if not expected.holds(value):
        verdict = "outside" if headline and last else "warning"
        shown += "; tried again with another seed" if headline and not last else ""
    return Finding("3 re-train", what, f"{expected.low:.4f} to {expected.high:.4f}", shown, verdict)


@dataclass(frozen=True)
class _Trained:
    """One row of the reference at another seed."""

    target: str
    recipe: str
    values: dict[tuple[str, str], float]
    """(metric, scoring) -> value."""


def _trained(
    committed: Committed,
    targets: Sequence[str],
    seed: int,
    overrides: Sequence[str],
    options: RunOptions,
    console: Console,
    *,
    samples: bool = False,
) -> list[_Trained]:
    """Each target and SFT at one seed; with samples, their win rates as well."""
    rules = committed.about
    prepared = prepare_comparison(
        CompareRequest(targets, rules["setting"], [str(seed)], overrides=overrides, pairs_only=not samples), options
    )
    changed = [
        f"{item.recipe.name} is {item.recipe_hash}, was {committed.hashes.get(item.recipe.name, 'not there')}"
        for item in prepared.loaded
        if not overrides and item.recipe_hash != committed.hashes.get(item.recipe.name)
    ]
    if changed:
        raise BenchError(f"the recipes are not those of the reference: {'; '.join(changed)}; {REMAKE}")
    _finish(prepared.session, options, console)
    names = [*targets, "sft"]  # one seed: a cell per recipe, in their order, SFT's added last where it was not named
    trained = []
    for target, cell in zip(names, prepared.session.cells, strict=False):
        frame = score_rows(cell, options.store, cell.loaded.recipe.score.split)
        measured = measure(frame, tie_credit=rules["tie_credit"], exclude=rules["exclude"])
        values = {(measurement.metric, measurement.scoring): measurement.value for measurement in measured}
        for judged in verdict_rows(cell, options.store).values():
            again = win_rates_again(judged.assign(recipe=cell.loaded.recipe.name, seed=seed))
            values |= {(metric, scoring): value for (_, _, metric, scoring), value in again.items()}
        trained.append(_Trained(target, cell.loaded.recipe.name, values))
    return trained


def canary(committed: Committed, seed: int, override: str, options: RunOptions, console: Console) -> Finding:
    """A run that is known to be bad; a gate that does not notice it is no gate."""
    recipe = _recipe_of(committed, committed.about["checkpoint"])
    trained = _trained(committed, [committed.about["checkpoint"]], seed, [override], options, console)
    values = next(run.values for run in trained if run.recipe == recipe)
    metric, scoring = committed.headline
    expected = committed.bands(GATE)[recipe, metric, scoring]
    value = values[metric, scoring]
    return Finding(
        "canary",
        f"{recipe} seed {seed} with {override}, {metric} ({scoring})",
        f"outside {expected.low:.4f} to {expected.high:.4f}",
        f"{value:.4f}",
        "not noticed" if expected.holds(value) else "noticed",
    )


def _finish(session: Session, options: RunOptions, console: Console) -> None:
    ran = run_session(session, options, console)
    error = incomplete(session, options.store, ran)
    if error is not None:
        raise error


def exit_code(findings: Sequence[Finding]) -> ExitCode:
    """3 where a number moved, or the canary was not noticed."""
    return ExitCode.GATE if any(finding.fails for finding in findings) else ExitCode.DONE
