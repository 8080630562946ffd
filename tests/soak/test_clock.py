"""Clocks that jump: with libfaketime, where it is found, and what is said where it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from .clock import BACKWARDS, FORWARDS, HOUR, MOST_HOURS, VARIABLE, ClockError, JumpingClock, environment_with, library

LIBRARY = library()
READS = """
import os, sys, time
for line in sys.stdin:
    open("written", "w").close()
    print(time.time(), time.monotonic(), os.stat("written").st_mtime, flush=True)
"""


@pytest.mark.skipif(LIBRARY is None, reason=f"no libfaketime here; {VARIABLE} names its libfaketime.so.1")
def test_the_time_of_day_jumps_while_a_program_runs_and_no_other_clock_does(tmp_path: Path):
    assert LIBRARY is not None
    clock = JumpingClock(tmp_path / "clock", Random(1))
    program = subprocess.Popen(
        [sys.executable, "-S", "-c", READS],
        cwd=tmp_path,
        env=environment_with(LIBRARY, tmp_path / "clock"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdin is not None and program.stdout is not None

    def read() -> list[float]:
        assert program.stdin is not None and program.stdout is not None
        program.stdin.write("\n")
        program.stdin.flush()
        return [float(word) for word in program.stdout.readline().split()]

    with program:
        before = read()
        for _ in range(4):
            where = clock.jump()
            time, monotonic, written = read()
            hours = (time - before[0]) / HOUR
            assert 0.4 < (hours if where == FORWARDS else -hours) <= MOST_HOURS + 0.1, where
            assert 0 <= monotonic - before[1] < 60 and abs(written - before[2]) < 60
            before = [time, monotonic, written]
        program.stdin.close()


def test_both_ways_are_drawn(tmp_path: Path):
    clock = JumpingClock(tmp_path / "clock", Random(0))
    assert {clock.jump() for _ in range(20)} == {FORWARDS, BACKWARDS}


def test_a_library_that_is_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "libfaketime.so.1"))
    with pytest.raises(ClockError, match=r"BENCH_FAKETIME: expected the path of libfaketime\.so\.1, found .*no file"):
        library()
