"""Verdicts, reported differences and losses of `bench check` as rows of tables, and what was not run in lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchbench.commands.check.reported import ReportedDifference
from benchbench.commands.check.run import Checked
from benchbench.comparison.claims.outcome import FAMILY_LEVEL, ClaimOutcome, ClaimVerdict, gates
from benchbench.comparison.claims.replication import Runs
from benchbench.report import numbers
from benchbench.report.reported import sight, statement


def rows(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """The verdict table, without claims that were not run."""
    return [
        {
            "recipe": check.recipe,
            "claim": check.claim,
            "reported": _runs(check.verdict.reported),
            "found": _runs(check.verdict.found),
            "difference [95%]": _interval(check.verdict),
            "expected [95%]": _bounds(check.verdict),
            "verdict": check.verdict.words,
            "p Holm": numbers.p_value(gate.p_holm),
            "gate": "fails" if gate.fails else "holds" if check.verdict.is_judged else "-",
            "detail": check.verdict.detail,
            "assumptions": "; ".join(check.assumptions) or "-",
        }
        for check, gate in zip(checked, gates([check.verdict for check in checked]), strict=True)
        if check.verdict.outcome is not ClaimOutcome.NOT_RUN
    ]


def reported_rows(reported: Sequence[ReportedDifference]) -> list[dict[str, Any]]:
    """What the reports say of their claimed differences without any run, a row each."""
    return [
        {
            "recipe": f"{item.recipe} against {item.row.contrast.baseline}",
            "claimed difference": item.row.contrast.metric,
            "what the report itself says": statement(item.row),
            "p Holm": numbers.p_value(item.row.p_holm),
            "power": _power(item),
        }
        for item in reported
    ]


def reported_footnote(reported: Sequence[ReportedDifference]) -> str:
    """How these rows were tested; empty where there are none."""
    if not reported:
        return ""
    paired = sum(item.row.contrast.paired for item in reported)
    return (
        f"p: of one claim alone, over seeds ({paired} of {len(reported)} paired by seed, else Welch), with the test "
        f"items taken as fixed; p Holm: over all {len(reported)} claimed differences; power: chance to find a true "
        "difference of the claimed size again with so many seeds"
    )


def _power(item: ReportedDifference) -> str:
    power = item.row.power
    return numbers.NOT_AVAILABLE if math.isnan(power) else f"{power:.2f}; {sight(item.row)}"


def not_run_lines(checked: Sequence[Checked], losses: Sequence[dict[str, Any]]) -> list[str]:
    """One line for each recipe with claims that were not run: how many, and why."""
    missing = [check for check in checked if check.verdict.outcome is ClaimOutcome.NOT_RUN]
    lines = []
    for recipe in dict.fromkeys(check.recipe for check in missing):
        details = [check.verdict.detail for check in missing if check.recipe == recipe]
        unseen = sum(row["recipe"] == recipe and not is_seen(row) for row in losses)
        beside = f" and {counted(unseen, 'training loss', 'training losses')}" if unseen else ""
        why = "; ".join(dict.fromkeys(details))
        lines.append(f"{recipe}: not run, {counted(len(details), 'claim', 'claims')}{beside}: {why}")
    return lines


def counted(count: int, singular: str, plural: str) -> str:
    """A number of things."""
    return f"{count} {singular if count == 1 else plural}"


def is_seen(loss: dict[str, Any]) -> bool:
    """Whether a reported training loss has one of ours beside it."""
    return loss["found (mean of logged steps)"] is not None


def footnote(checked: Sequence[Checked]) -> str:
    """What the gate is; empty where no claim was judged."""
    family = sum(check.verdict.is_judged for check in checked)
    if not family:
        return ""
    return (
        f"verdict: of each claim alone, at 95 %; gate: what exit code 3 stands for, by Holm's correction over the "
        f"{family} claim{'s' if family > 1 else ''} that this command judged (p Holm at most {FAMILY_LEVEL:g})"
    )


def _runs(runs: Runs | None) -> str:
    if runs is None:
        return "-"
    spread = "" if math.isnan(runs.sd) else f" (sd {numbers.number(runs.sd)})"
    return f"{numbers.number(runs.mean)}{spread}, k = {runs.k}"


def _bounds(verdict: ClaimVerdict) -> str:
    low, high = verdict.prediction
    return "-" if math.isnan(low) else f"{numbers.number(low)} to {numbers.number(high)}"


def _interval(verdict: ClaimVerdict) -> str:
    if verdict.difference is None:
        return "-"
    return numbers.bounded(verdict.difference.mean, verdict.difference.low, verdict.difference.high, numbers.signed)
