"""The counts of the last whole fuzzing, piece by piece, and the lines of docs/reliability.md that say them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "results" / "reliability" / "fuzz.json"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- fuzz: begin -->\n", "<!-- fuzz: end -->"


class Tally:
    """How the command lines of one test ended, since it began."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count from nothing."""
        self.ends: Counter[str] = Counter()
        self.most_cpu_seconds = 0.0
        self.started = time.monotonic()

    def count(self, end: str, cpu_seconds: float) -> None:
        """One command line that ended as every one must."""
        self.ends[end] += 1
        self.most_cpu_seconds = max(self.most_cpu_seconds, cpu_seconds)

    def piece(self, command: str) -> dict[str, Any]:
        """What is committed of it."""
        from benchbench.stages.environment import environment

        here = environment("cpu")
        return {
            "command": command,
            "cases": self.ends.total(),
            "ends": dict(sorted(self.ends.items())),
            "most_cpu_seconds": round(self.most_cpu_seconds, 1),
            "seconds": round(time.monotonic() - self.started),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "versions": {name: here["packages"][name] for name in ("benchbench", "torch", "transformers")},
            "python": here["python"],
            "platform": here["platform"],
        }


TALLY = Tally()
"""Of the test that runs."""
ACCEPTED = "accepted"
"""The end of a command line that came as far as workers, or ended with exit code 0; others are `exit code N`."""


def read_record() -> dict[str, Any]:
    """What is committed: name of a test -> its piece."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def write_piece(path: Path, name: str, piece: Mapping[str, Any]) -> None:
    """Put the counts of one test in the place of its last ones."""
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_record(path, {**record, name: piece})


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Keep the counts of all tests, and where it is the committed file, say them on the page."""
    record = dict(sorted(record.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if path.resolve() == FILE:
        PAGE.write_text(with_lines(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")


def together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One record of several, each of cases of its own; a test that failed in a part has no piece there."""
    record: dict[str, Any] = {}
    for name, piece in (item for part in parts for item in part.items()):
        if (before := record.setdefault(name, piece)) is piece:
            continue
        record[name] = {
            **piece,
            "parts": before.get("parts", 1) + piece.get("parts", 1),
            **{key: before[key] + piece[key] for key in ("cases", "seconds")},
            "ends": dict(sorted((Counter(before["ends"]) + Counter(piece["ends"])).items())),
            "most_cpu_seconds": max(before["most_cpu_seconds"], piece["most_cpu_seconds"]),
        }
    return record


def with_lines(text: str, record: Mapping[str, Any]) -> str:
    """The page with the counts of a record between its marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n".join(lines(record)) + "\n" + END + rest.split(END)[1]


def lines(record: Mapping[str, Any]) -> list[str]:
    """A sentence and a table of a record."""
    pieces = list(record.values())
    total = {key: sum(piece[key] for piece in pieces) for key in ("cases", "seconds")}
    made_with = {
        ", ".join([*(f"{name} {version}" for name, version in piece["versions"].items()), f"Python {piece['python']}"])
        + f", {piece['platform']}"
        for piece in pieces
    }
    parts = max(piece.get("parts", 1) for piece in pieces)
    return [
        "",
        f"{total['cases']:,} cases{f' in {parts} parts' if parts > 1 else ''} ({'; '.join(sorted(made_with))}), "
        f"{total['seconds'] / 60:.0f} minutes, none with a traceback, a hang or a file outside:",
        "",
        "| what is changed | cases | accepted | refused | most CPU-seconds of one | date |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        *(_row(name, piece) for name, piece in record.items()),
        "",
    ]


def _row(name: str, piece: Mapping[str, Any]) -> str:
    accepted = piece["ends"].get(ACCEPTED, 0)
    cells = [name.replace("_", " "), f"{piece['cases']:,}", f"{accepted:,}", f"{piece['cases'] - accepted:,}"]
    cells += [f"{piece['most_cpu_seconds']:.1f}", piece["date"]]
    return f"| {' | '.join(cells)} |"
