"""Counts of a test that passed are kept where BENCH_FUZZ_WRITE names a file, as `make fuzz` does."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from .record import TALLY, write_piece


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count from nothing when a test begins, and keep what was counted when it has passed."""
    report = yield
    if call.when == "setup":
        TALLY.begin()
    elif call.when == "call" and report.passed and TALLY.ends and (path := os.environ.get("BENCH_FUZZ_WRITE")):
        line = f"BENCH_FUZZ_CASES={os.environ['BENCH_FUZZ_CASES']} python -m pytest"
        words = " ".join(map(str, item.config.invocation_params.args))
        write_piece(Path(path), item.name.removeprefix("test_"), TALLY.piece(f"{line} {words}"))
    return report
