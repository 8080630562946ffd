"""The counts of the last full soak, and the lines of docs/reliability.md that say them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "results" / "reliability" / "soak.json"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- soak: begin -->\n", "<!-- soak: end -->"


def read_record() -> dict[str, Any]:
    """What is committed."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Keep the counts, and where it is the committed file, say them on the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if path.resolve() == FILE:
        PAGE.write_text(with_lines(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")


def with_lines(text: str, record: Mapping[str, Any]) -> str:
    """The page with the counts of a record between its marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n".join(lines(record)) + "\n" + END + rest.split(END)[1]


def lines(record: Mapping[str, Any]) -> list[str]:
    """Sentences and tables of a record."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    others = (
        f"{record['lives_with_two_commands']} with two commands at once "
        f"({record['planning_with_two_commands']} signals found one of them planning), "
        f"{record['lives_with_another_clock']} with another time of day, {record['lives_of_the_script']} of the "
        "installed script with workers that it spawned"
    )
    return [
        "",
        f"`{record['command']}` on {record['date']} ({versions}, Python {record['python']}, {record['platform']}), "
        f"seed {record['seed']}, {record['seconds'] / 60:.0f} minutes:",
        "",
        f"- {record['kills']} signals in {record['lives']} starts of {sum(record['worlds'].values())} comparisons: "
        f"{others};",
        f"- {record['memory_limits']} times a worker got hardly more memory than it had;",
        f"- {record['files_compared']:,} files compared with those of runs that nobody disturbed, "
        f"{record['files_that_differ']} others, no drafts and no processes left.",
        "",
        *_table("sent", record["sent"]),
        "",
        *_table("in", record["by_moment"]),
        "",
        *_table("held still", record["held_at"]),
        "",
    ]


def _table(title: str, counts: Mapping[str, int]) -> list[str]:
    rows = [f"| {name} | {number} |" for name, number in counts.items()]
    return [f"| {title} | times |", "| --- | ---: |", *rows]
