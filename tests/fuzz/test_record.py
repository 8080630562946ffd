"""What the page says of the last whole fuzzing."""

from __future__ import annotations

from pathlib import Path

from .record import ACCEPTED, PAGE, Tally, lines, read_record, together, with_lines, write_piece
from .test_fuzz import SHARES


def test_the_last_whole_fuzzing_had_20_000_cases():
    record = read_record()
    assert len(record) == len(SHARES) and sum(piece["cases"] for piece in record.values()) >= 20_000
    assert all(piece["cases"] == sum(piece["ends"].values()) for piece in record.values())


def test_the_page_says_the_committed_counts():
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_lines(text, read_record())


def test_parts_are_put_together(tmp_path: Path):
    tally = Tally()
    for end, seconds in ((ACCEPTED, 0.5), ("exit code 2", 0.25)):
        tally.count(end, seconds)
    for name in ("rows", "arguments"):
        write_piece(tmp_path / "part.json", name, tally.piece("a line"))
    record = together([{"rows": tally.piece("one")}, {"rows": tally.piece("two")}, {}])
    assert {key: record["rows"][key] for key in ("parts", "cases", "ends", "most_cpu_seconds")} == {
        **{"parts": 2, "cases": 4, "ends": {ACCEPTED: 2, "exit code 2": 2}},
        "most_cpu_seconds": 0.5,
    }
    assert "| rows | 4 | 2 | 2 | 0.5 | " in "\n".join(lines(record))
