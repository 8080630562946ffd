"""What a regression check came to, for a job: one line, a document, and the text of a badge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchbench.commands.regress.run import Finding
from benchbench.store.files import write_json

PASSED, WARNED, FAILED = "passed", "passed with warnings", "failed"
COLOURS = {PASSED: "brightgreen", WARNED: "yellow", FAILED: "red"}
"""Verdict -> colour of its badge, as shields.io names them."""
BADGE_SCHEMA = 1
"""`schemaVersion` of https://shields.io/badges/endpoint-badge, the only one there is."""


@dataclass(frozen=True)
class Summary:
    """Every finding of one run, and what they say together."""

    reference: str
    """Name of the folder of reference results."""
    findings: Sequence[Finding]

    @property
    def verdict(self) -> str:
        """`failed` where a number moved or the canary was not noticed; numbers outside that only warn do not fail."""
        if any(finding.fails for finding in self.findings):
            return FAILED
        return WARNED if any(finding.verdict == "warning" for finding in self.findings) else PASSED

    @property
    def line(self) -> str:
        """All of it in one line: the verdict, and each tier with what became of its findings."""
        tiers = dict.fromkeys(finding.tier for finding in self.findings)
        parts = [f"{tier}: {self._counts(tier)}" for tier in tiers]
        return "; ".join([f"{self.verdict}: {self.reference}", *parts])

    def _counts(self, tier: str) -> str:
        counts = Counter(finding.verdict for finding in self.findings if finding.tier == tier)
        return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())

    def as_json(self) -> dict[str, Any]:
        """For a program: verdict, line, and every finding."""
        return {"verdict": self.verdict, "summary": self.line, "findings": [asdict(each) for each in self.findings]}

    def badge(self) -> dict[str, Any]:
        """What shields.io's endpoint badge reads: label, message and colour."""
        tiers = list(dict.fromkeys(each.tier.split()[0] for each in self.findings if each.tier[0].isdigit()))
        which = f", tier{'s' if len(tiers) > 1 else ''} {' '.join(tiers)}" if tiers else ""
        message = f"{self.verdict}{which}"
        about = {"label": f"bench regress {self.reference}", "message": message, "color": COLOURS[self.verdict]}
        return {"schemaVersion": BADGE_SCHEMA, **about}


def write_badge(path: Path, summary: Summary) -> None:
    """Write the badge's JSON file, which a site serves and shields.io draws; no network is used."""
    write_json(path, summary.badge())
