"""The machine's clocks and memory."""

from __future__ import annotations

import time

from benchmarks.machine import (
    Reading,
    clean_environment,
    clock,
    cores_of_others,
    forget_peak,
    hardware,
    other_cores,
    peak_mib,
    resident_mib,
    versions,
)


def test_others_are_what_the_machine_did_and_we_did_not():
    """6 CPU-seconds in 4 seconds, of which 4 were ours: half a core."""
    assert other_cores(Reading(10.0, 1.0, 0.0), Reading(16.0, 5.0, 4.0)) == 0.5
    assert other_cores(Reading(10.0, 1.0, 0.0), Reading(10.0, 5.0, 4.0)) == 0.0


def test_others_are_counted_while_we_sleep():
    assert cores_of_others(0.05) >= 0


def test_a_block_is_timed():
    with clock() as elapsed:
        time.sleep(0.01)
    assert elapsed.wall_seconds >= 0.01 > elapsed.cpu_seconds


def test_the_peak_is_forgotten():
    block = bytearray(resident_growth := 64 * 2**20)
    block[:: 2**12] = b"1" * len(block[:: 2**12])
    forget_peak()  # of whatever this process did before
    high = peak_mib()
    del block
    forget_peak()
    assert resident_mib() <= peak_mib() + 1 < high
    assert high - peak_mib() > resident_growth / 2**21


def test_what_slows_one_side_is_not_passed_on():
    variables = clean_environment({"THP_MEM_ALLOC_ENABLE": "1", "OMP_NUM_THREADS": "1", "PATH": "/bin"})
    assert "THP_MEM_ALLOC_ENABLE" not in variables and "OMP_NUM_THREADS" not in variables
    assert variables["PATH"] == "/bin"


def test_a_machine_is_described_without_its_name():
    assert {"processor", "cores", "memory_gib"} <= set(hardware())
    assert {"torch", "transformers", "benchbench"} <= set(versions())
