"""Verdicts and losses of `bench check` as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchbench.commands.check import Checked
from benchbench.comparison.replication import Runs
from benchbench.comparison.verdicts import Verdict


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
