"""`--level`: from which share on a finding is too much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.data.finding import CHECKS, Check


def parse_levels(texts: Sequence[str]) -> Mapping[str, float]:
    """Check -> largest share that passes: the built-in ones, with what was asked for in their place.

    Args:
        texts: numbers for every check that `is_fault`, and CHECK=SHARE for one; the one counts, whatever the order.

    Raises:
        BenchError: no number in [0, 1], or no such check; all faults at once.
    """
    faults: list[Fault] = []
    everywhere: dict[str, float] = {}
    by_name: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        share = _share(number)
        if math.isnan(share):
            faults.append(Fault("--level", f"expected a share from 0 to 1 or CHECK=SHARE, got '{text}'"))
        elif not equals:
            everywhere = {check.name: share for check in CHECKS.values() if is_fault(check)}
        elif name not in CHECKS:
            known = ", ".join(CHECKS)
            faults.append(Fault("--level", f"unknown check '{name}'.{suggestion(name, CHECKS)} Known: {known}."))
        else:
            by_name[name] = share
    if faults:
        raise BenchError.of_faults("command line", faults)
    return {check.name: check.level for check in CHECKS.values()} | everywhere | by_name


def is_fault(check: Check) -> bool:
    """Whether every example that a check is about is one too many.

    Several pairs of a prompt may be meant, and half of the longer responses are expected to be preferred.
    """
    return not check.two_sided and check.level < 1


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        return math.nan
    return share if 0 <= share <= 1 else math.nan
