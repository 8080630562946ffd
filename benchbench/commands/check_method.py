"""`bench methods check`: the contract of a loss on one method, with messages that say how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchbench.commands.methods import find_method
from benchbench.core.method import plain_name

if TYPE_CHECKING:
    from benchbench.contract.breach import Breach


@dataclass(frozen=True)
class CheckedMethod:
    """What the contract says of a method."""

    name: str
    variants: Sequence[str]
    checks: Sequence[str]
    breaches: Sequence[tuple[str, Breach]]

    def lines(self) -> list[str]:
        """For a reader."""
        name = plain_name(self.name)
        if not self.breaches:
            presets = f"{len(self.variants)} preset{'s' if len(self.variants) > 1 else ''}"
            return [f"{name}: keeps the contract ({len(self.checks)} checks, {presets})"]
        noun = "problem" if len(self.breaches) == 1 else "problems"
        return [
            f"{name}: {len(self.breaches)} {noun}",
            *(f"  {check}: {breach}" for check, breach in self.breaches),
        ]

    def as_values(self) -> dict[str, Any]:
        """For a program."""
        problems = [{"check": check, **asdict(breach)} for check, breach in self.breaches]
        return {"method": self.name, "variants": self.variants, "checks": self.checks, "problems": problems}


def check_method(target: str) -> CheckedMethod:
    """Run every check under every preset of a method.

    Args:
        target: a method's name, or its file.

    Raises:
        BenchError: there is no such method, or its file is faulty.
    """
    method = find_method(target)
    from benchbench.contract.run import CHECKS, breaches  # with torch, which a faulty file need not wait for

    return CheckedMethod(method.name, tuple(method.variants), tuple(CHECKS), breaches(method))
