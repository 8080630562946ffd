"""Verdicts and losses of `bench check` as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchbench.commands.check.run import Checked
from benchbench.comparison.claims.outcome import FAMILY_LEVEL, ClaimVerdict, gates
from benchbench.comparison.claims.replication import Runs
from benchbench.report import numbers


def rows(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """The verdict table."""
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
    ]


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
