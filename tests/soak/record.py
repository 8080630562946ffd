"""The counts of the last full soaks, and the lines of docs/reliability.md that say them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "results" / "reliability"
PAGE = ROOT / "docs" / "reliability.md"
EVERYTHING, ROUNDS, CLOCKS = "soak", "rounds", "clocks"
"""Names of the committed files: of every kind of stage, of rounds and training on drawn rows, with clocks that jump."""
PAGED = (EVERYTHING, ROUNDS, CLOCKS)


SUMS = (
    *("kills", "lives", "lives_of_the_script", "lives_with_two_commands", "lives_with_another_clock"),
    *("memory_limits", "files_compared", "files_that_differ", "seconds"),
)
TABLES = ("sent", "by_moment", "held_at", "half_way", "worlds", "clock_jumps")
"""Numbers and tables of a record that are added up over runs."""


def read_record(name: str = EVERYTHING) -> dict[str, Any]:
    """What is committed; the sums of several runs."""
    return together(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def together(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of several runs as one: counts added up, seeds beside each other, the rest as the last one says it."""
    if "runs" not in record:
        return dict(record)
    runs = record["runs"]
    counts = {name: Counter[str]() for name in TABLES}
    for name, count in counts.items():
        for run in runs:
            count.update(run.get(name, {}))
    seeds = " and ".join(str(run["seed"]) for run in runs)
    summed = {name: sum(run[name] for run in runs) for name in SUMS}
    return {
        **runs[-1],
        **summed,
        **{name: dict(sorted(count.items())) for name, count in counts.items()},
        "seed": seeds,
    }


def write_record(path: Path, record: Mapping[str, Any], *, is_added: bool = False) -> None:
    """Keep the counts, and where it is a committed file, say them on the page.

    Args:
        path: the file.
        record: of a run.
        is_added: beside the runs that the file has already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stored: Mapping[str, Any] = record
    if is_added and path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        stored = {"runs": [*before.get("runs", [before]), record]}
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    if path.resolve() in {FOLDER / f"{name}.json" for name in PAGED}:
        PAGE.write_text(with_lines(PAGE.read_text(encoding="utf-8"), together(stored), path.stem), encoding="utf-8")


def with_lines(text: str, record: Mapping[str, Any], name: str = EVERYTHING) -> str:
    """The page with the counts of a record between the marks of its name."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, rest = text.split(begin)
    return before + begin + "\n".join(lines(record)) + "\n" + end + rest.split(end)[1]


def _while_planning(record: Mapping[str, Any]) -> str:
    """How many signals found one of two commands planning; a record of before they were counted does not know."""
    count = record.get("planning_with_two_commands")
    return (
        "how many of them planned was not counted" if count is None else f"{count} signals found one of them planning"
    )


def _jumps(record: Mapping[str, Any]) -> list[str]:
    """How often clocks jumped; nothing of a run without libfaketime."""
    jumps = record.get("clock_jumps")
    if not jumps:
        return []
    counted = " and ".join(f"{count} times {where}" for where, count in jumps.items())
    return [f"- clocks jumped while commands ran, {counted} ({record['clock']});"]


def lines(record: Mapping[str, Any]) -> list[str]:
    """Sentences and tables of a record."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    others = (
        f"{record['lives_with_two_commands']} with two commands at once ({_while_planning(record)}), "
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
        *_jumps(record),
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
        *(_table("a start had to go on", record["half_way"]) if record.get("half_way") else ()),
        *([""] if record.get("half_way") else ()),
    ]


def _table(title: str, counts: Mapping[str, int]) -> list[str]:
    rows = [f"| {name} | {number} |" for name, number in counts.items()]
    return [f"| {title} | times |", "| --- | ---: |", *rows]
