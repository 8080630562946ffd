"""Counts of a fuzzing that was run in parts, put together and said in docs/reliability.md.

BENCH_FUZZ_CASES=5000 BENCH_FUZZ_WRITE=part1.json python -m pytest -n 0 tests/fuzz
python -m tests.fuzz part1.json part2.json ...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.fuzz.record import FILE, together, write_record

if __name__ == "__main__":
    write_record(FILE, together([json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]))
