"""What an audit of data found, for a reader at a terminal and for a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchbench.data.finding import CHECKS, DataFinding
from benchbench.report.prose import INDENT, wrapped


def finding_rows(findings: Sequence[DataFinding]) -> list[dict[str, Any]]:
    """One row of a table per finding that is about an example."""
    return [
        {
            "check": each.check,
            "where": each.where,
            "examples": f"{each.count} of {each.total}",
            "share": _share(each),
            "passes": _passes(each),
            "verdict": "ABOVE" if each.is_above else "ok",
        }
        for each in findings
        if each.count
    ]


def finding_lines(findings: Sequence[DataFinding]) -> list[str]:
    """What each check found, with ids of some examples, and what to do, in lines of 80 columns; then what is clean."""
    lines: list[str] = []
    clean: list[str] = []
    for name, check in CHECKS.items():
        answers = [each for each in findings if each.check == name]
        hits = [each for each in answers if each.count]
        if hits:
            lines += wrapped(f"{name}: examples {check.meaning}. What to do: {check.advice}.")
            lines += [line for each in hits for line in wrapped(_hit(each), INDENT)]
        elif answers:
            clean.append(name)
    return [*lines, *(wrapped(f"no example of: {', '.join(clean)}") if clean else [])]


def _hit(each: DataFinding) -> str:
    ids = ", ".join(each.examples) + (", ..." if each.count > len(each.examples) else "")
    detail = f" ({each.detail})" if each.detail else ""
    return f"{each.where}, {each.count} of {each.total}: {ids}{detail}"


def finding_records(findings: Sequence[DataFinding]) -> list[dict[str, Any]]:
    """Every finding as plain values, those about no example too."""
    return [
        {
            "check": each.check,
            "where": each.where,
            "count": each.count,
            "total": each.total,
            "share": each.share,
            "interval": None if each.interval is None else list(each.interval),
            "level": each.level,
            "graded": each.graded,
            "above": each.is_above,
            "examples": list(each.examples),
            "detail": each.detail,
            "meaning": CHECKS[each.check].meaning,
            "advice": CHECKS[each.check].advice,
        }
        for each in findings
    ]


def _share(each: DataFinding) -> str:
    bounds = "" if each.interval is None else f" [{each.interval.low:.1%}, {each.interval.high:.1%}]"
    return f"{each.share:.1%}{bounds}"


def _passes(each: DataFinding) -> str:
    if CHECKS[each.check].two_sided:
        return f"{max(0.5 - each.level, 0):.0%} to {min(0.5 + each.level, 1):.0%}"
    return "any" if each.level >= 1 else f"to {each.level:.1%}"
