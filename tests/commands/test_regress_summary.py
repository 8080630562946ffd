"""The one line, the document and the badge of a regression check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import bench

from benchbench.commands.regress.run import Finding
from benchbench.commands.regress.summary import COLOURS, Summary, write_badge
from tests.regress.small import small_reference


def finding(tier: str, verdict: str) -> Finding:
    return Finding(tier, "what", "expected", "found", verdict)


SAME, INSIDE = finding("1 recompute", "same"), finding("3 re-train", "inside")


@pytest.mark.parametrize(
    ("findings", "verdict", "line"),
    [
        ([SAME, SAME], "passed", "passed: tiny; 1 recompute: 2 same"),
        (
            [SAME, INSIDE, INSIDE, finding("3 re-train", "warning")],
            "passed with warnings",
            "passed with warnings: tiny; 1 recompute: 1 same; 3 re-train: 2 inside, 1 warning",
        ),
        (
            [finding("1 recompute", "moved"), INSIDE],
            "failed",
            "failed: tiny; 1 recompute: 1 moved; 3 re-train: 1 inside",
        ),
        ([finding("3 re-train", "outside")], "failed", "failed: tiny; 3 re-train: 1 outside"),
        (
            [SAME, finding("canary", "not noticed")],
            "failed",
            "failed: tiny; 1 recompute: 1 same; canary: 1 not noticed",
        ),
        ([SAME, finding("canary", "noticed")], "passed", "passed: tiny; 1 recompute: 1 same; canary: 1 noticed"),
    ],
)
def test_the_line_has_the_verdict_and_every_tier(findings: list[Finding], verdict: str, line: str):
    summary = Summary("tiny", findings)
    assert (summary.verdict, summary.line) == (verdict, line)
    assert summary.as_json()["summary"] == line and len(summary.as_json()["findings"]) == len(findings)


def test_the_badge_is_what_shields_io_reads(tmp_path: Path):
    """The keys and their types are those of its endpoint badge."""
    write_badge(tmp_path / "site" / "badge.json", Summary("tiny", [SAME, INSIDE, finding("canary", "noticed")]))
    badge = json.loads((tmp_path / "site" / "badge.json").read_text())
    assert badge == {
        "schemaVersion": 1,
        "label": "bench regress tiny",
        "message": "passed, tiers 1 3",
        "color": "brightgreen",
    }
    assert Summary("a", [SAME]).badge()["message"] == "passed, tier 1"
    assert Summary("a", [finding("canary", "not noticed")]).badge()["message"] == "failed"
    assert {Summary("a", [each]).badge()["color"] for each in (SAME, finding("1 recompute", "moved"))} < {
        *COLOURS.values()
    }


def test_the_command_writes_the_badge_and_ends_with_the_line(tmp_path: Path):
    """Tier 1 computes from rows, and needs no model."""
    folder = small_reference(tmp_path / "tiny")
    ended = bench("regress", folder, "--tier", 1, "--badge", tmp_path / "badge.json")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == "passed: tiny; 1 recompute: 2 same"
    assert json.loads((tmp_path / "badge.json").read_text())["message"] == "passed, tier 1"
