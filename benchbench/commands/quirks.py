"""`bench quirks`: a published comparison as it is, and with each of its quirks removed, one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from benchbench.commands.cell_rows import scored_cell
from benchbench.commands.check.claimed import reported_effect
from benchbench.commands.compare.compared import BOOTSTRAP_SEED
from benchbench.commands.resolve import common_seeds, parse_seeds, resolve
from benchbench.commands.run_plan import RunOptions, Session, incomplete, open_session, run_session
from benchbench.comparison.claims.quirks import PUBLISHED, AuditRow, audit_rows
from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.grid import Admission
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.errors import BenchError, Fault, unknown_name
from benchbench.plan.graph import Cell
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override, parse_overrides
from benchbench.recipe.quirks import QuirkSection
from benchbench.report import markdown
from benchbench.report.quirks import audit_frame, shown_audit
from benchbench.report.status import status_notes
from benchbench.store.results import ResultStore

ALL = "all quirks removed"


@dataclass(frozen=True)
class QuirksRequest:
    """What is to be audited."""

    targets: Sequence[str]
    setting: str | None = None
    seeds: Sequence[str] | None = None
    baseline: str | None = None
    quirks: Sequence[str] = ()
    """Fields of the quirks to remove; none means all."""
    overrides: Sequence[str] = ()


@dataclass(frozen=True)
class PreparedQuirks:
    """An audit that can start."""

    variants: list[tuple[str, list[Loaded], list[Cell]]]
    """(what is removed, the recipes, their cells); `as published` first."""
    seeds: tuple[int, ...]
    baseline: str
    session: Session
    """All stages of all variants; those that several share are in it once."""
    overrides: str = ""
    """`--set` values, sorted."""


@dataclass(frozen=True)
class Audited:
    """A finished audit."""

    rows: list[AuditRow]
    headline: tuple[str, str]
    reported: dict[str, float]
    """Candidate -> the difference that was reported for the headline, where one was."""
    files: list[str]


def prepare_audit(request: QuirksRequest, options: RunOptions) -> PreparedQuirks:
    """Resolve every variant and plan; nothing runs.

    Raises:
        BenchError: fewer than two methods, a setting without quirks, an unknown quirk, or an override of a field that
            the audit itself changes.
    """
    overrides = parse_overrides(request.overrides)
    published = [resolve(target, setting=request.setting, overrides=overrides) for target in request.targets]
    seeds = common_seeds(published, parse_seeds(request.seeds))
    labels = [item.label for item in published]
    baseline = request.baseline or labels[0]
    if baseline not in labels:
        raise unknown_name("baseline", baseline, labels)
    quirks = _quirks(published, request.quirks, overrides)
    variants: list[tuple[str, list[Loaded], list[Cell]]] = []
    for removed, changes in _removals(quirks):
        items = [
            resolve(target, setting=request.setting, overrides=(*overrides, *_for(base, changes)))
            for target, base in zip(request.targets, published, strict=True)
        ]
        variants.append((removed, items, []))
    session = open_session([item for _, items, _ in variants for item in items], seeds, options)
    cells = iter(session.cells)
    for _, items, variant_cells in variants:
        variant_cells += [next(cells) for _ in range(len(items) * len(seeds))]
    return PreparedQuirks(variants, seeds, baseline, session, " ".join(sorted(request.overrides)))


def _quirks(published: Sequence[Loaded], names: Sequence[str], overrides: Sequence[Override]) -> list[QuirkSection]:
    if len(published) < 2:
        raise BenchError("expected two methods or more, got one; `bench quirks` shows the difference between methods")
    setting = published[0].recipe.setting
    listed = {quirk.field: quirk for item in published for quirk in item.recipe.quirks}
    concerned = {f: q for f, q in listed.items() if any(q.concerns(item.recipe.method.name) for item in published)}
    if not concerned:
        raise BenchError(f"setting '{setting}' lists no quirks for these methods, so there is nothing to remove")
    for field in names:
        if field not in concerned:
            raise unknown_name("quirk", field, sorted(concerned))
    faults = [
        Fault(f"--set {override.key}", "is a quirk, which `bench quirks` itself changes; leave it out")
        for override in overrides
        for field in concerned
        if override.key == field or field.startswith(f"{override.key}.")
    ]
    if faults:
        raise BenchError.of_faults("command line", faults)
    return [concerned[field] for field in (dict.fromkeys(names) if names else concerned)]


def _removals(quirks: Sequence[QuirkSection]) -> list[tuple[str, list[tuple[QuirkSection, Any]]]]:
    """(label, the quirks it removes with the value each gets)."""
    single = [(f"{quirk.field} = {_text(good)}", [(quirk, good)]) for quirk in quirks for good in quirk.good]
    everything = [(ALL, [(quirk, quirk.good[0]) for quirk in quirks])] if len(quirks) > 1 else []
    return [(PUBLISHED, []), *single, *everything]


def _for(base: Loaded, changes: Sequence[tuple[QuirkSection, Any]]) -> list[Override]:
    """The changes that concern a recipe's method."""
    return [Override(q.field, value) for q, value in changes if q.concerns(base.recipe.method.name)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def audit(prepared: PreparedQuirks, options: RunOptions, console: Console) -> Audited:
    """Run what is missing, compare each variant within itself, and write audit.csv, audit.md, audit.stages.json.

    Raises:
        BenchError: exit code 4 where a cell failed.
    """
    ran = run_session(prepared.session, options, console)
    error = incomplete(prepared.session, options.store, ran)
    if error is not None:
        raise error
    published = prepared.variants[0][1]
    rule = published[0].recipe.score.headline
    headline = (rule.metric, rule.scoring)
    compared = [(removed, _compared(items, cells, prepared, options)) for removed, items, cells in prepared.variants]
    rows = audit_rows(compared)
    reported = {
        item.label: effect.mean
        for item in published
        for base in published
        if base.label == prepared.baseline and (effect := reported_effect(item, base, headline)) is not None
    }
    files = _write(rows, headline, reported, prepared, options)
    return Audited(rows, headline, reported, files)


def _compared(
    items: Sequence[Loaded], cells: Sequence[Cell], prepared: PreparedQuirks, options: RunOptions
) -> list[Comparison]:
    rules = items[0].recipe.score
    claimed = [claim.metric for item in items for claim in item.recipe.claims]
    return compare(
        [scored_cell(cell, options.store, rules.split, prepared.session.plan) for cell in cells],
        baseline=prepared.baseline,
        metrics=list(dict.fromkeys(claimed)),
        tie_credit=rules.tie_credit,
        exclude=rules.exclude,
        rng_seed=BOOTSTRAP_SEED,
        headline=(rules.headline.metric, rules.headline.scoring),
        admission=Admission(seeds=prepared.seeds),
    )


def _write(
    rows: Sequence[AuditRow],
    headline: tuple[str, str],
    reported: dict[str, float],
    prepared: PreparedQuirks,
    options: RunOptions,
) -> list[str]:
    setting = prepared.variants[0][1][0].recipe.setting
    results = ResultStore(options.results_root, setting)
    frame = audit_frame(rows).assign(overrides=prepared.overrides)
    table = results.merge_table("audit.csv", frame, key=("candidate", "baseline", "seeds", "overrides"))
    title = f"# Quirks of {setting}: {headline[0]} under {headline[1]}, seeds {rows[0].seeds}"
    parts = [f"{title}, with {prepared.overrides}" if prepared.overrides else title, ""]
    for candidate in dict.fromkeys(row.candidate for row in rows):
        parts += [markdown.records(shown_audit([row for row in rows if row.candidate == candidate], *headline)), ""]
    parts += [f"- {line}" for line in footnotes(reported, rows)]
    report = results.write_report("\n".join(parts) + "\n", name="audit.md")
    labels = " ".join(item.label for item in prepared.variants[0][1])
    table_of = f"{labels} against {prepared.baseline}, seeds {rows[0].seeds} {prepared.overrides}".rstrip()
    return [
        str(table),
        str(report),
        str(results.note_stages("audit.stages.json", table_of, prepared.session.plan.stages)),
    ]


def footnotes(reported: Mapping[str, float], rows: Sequence[AuditRow]) -> list[str]:
    """What a reader of the table must know."""
    differences = [f"reported difference of {label}: {value:+.4f}" for label, value in reported.items()]
    return [
        *differences,
        "change: difference minus the difference as published; every row is compared within its own protocol",
        "intervals are not corrected for the number of rows",
        *status_notes(mark for row in rows for mark in row.marks.split("; ")),
    ]
