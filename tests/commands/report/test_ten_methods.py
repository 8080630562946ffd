"""Ten methods over three seeds are compared, and a page is made of them, in seconds, from stored rows."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from harness import MICRO, bench, finish

METHODS = ("dpo", "simpo", "ipo", "cpo", "orpo", "slic_hf", "chi_po", "exo", "apo_zero", "sppo_hard")
SEEDS = (1, 2, 3)
PAIRS = ("data.options.test_prompts=1000",)
SECONDS = 20


@pytest.mark.slow
def test_a_table_and_a_page_of_ten_methods_take_seconds(tmp_path: Path):
    """Of the processor, both commands together; whatever they read again is read for the first time."""
    status = finish(METHODS, runs=tmp_path / "runs", seeds=SEEDS, sets=PAIRS)
    assert set(status.values()) == {"done"}
    where = ("--runs", tmp_path / "runs", "--results", tmp_path / "results")
    began = time.process_time()
    compared = bench("compare", *METHODS, "--setting", MICRO, "--seeds", *SEEDS, "--set", *PAIRS, *where)
    table = time.process_time() - began
    page = bench("report", *where)
    seconds = time.process_time() - began
    assert (compared.code, page.code) == (0, 0), compared.err + page.err
    assert "finished already" in compared.err
    assert seconds < SECONDS, f"{table:.1f} s for the table, {seconds - table:.1f} s for the page"
