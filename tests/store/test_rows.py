"""Tables of rows: what is written is read back, and a thread that cannot be started hangs nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from harness import ROOT

from benchbench.core.errors import BenchError
from benchbench.store.rows import read_rows, write_rows

FRAME = pd.DataFrame({"example": [f"e{n}" for n in range(3000)], "reward": [n / 7 for n in range(3000)]})
WITHOUT_MEMORY = """
import resource, sys
from pathlib import Path
from benchbench.store.rows import read_rows, write_rows
import pandas as pd
frame = pd.read_csv(sys.argv[2])
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = size + 6 * 2**20  # less than the stack of one more thread
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
write_rows(Path(sys.argv[1]), frame)
print(len(read_rows(Path(sys.argv[1]))))
"""


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path):
    write_rows(tmp_path, FRAME)
    pd.testing.assert_frame_equal(read_rows(tmp_path), FRAME)


def test_a_damaged_table_is_named(tmp_path: Path):
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(BenchError, match=r"rows\.parquet: expected a table of rows, found a missing or damaged file"):
        read_rows(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_where_no_thread_can_be_started_a_table_is_read_all_the_same(tmp_path: Path):
    """Arrow waits for ever for a thread of its pool that memory does not suffice to start, and so did a worker."""
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    line = [sys.executable, "-c", WITHOUT_MEMORY, tmp_path, tmp_path / "rows.csv"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert ended.stdout == "3000\n", ended.stderr[-2000:]
