"""The benchmark itself works: what it times is trained and generated; its times are nobody's business here."""

from __future__ import annotations

from .run import time_training


def test_the_training_benchmark_runs_both_loops():
    report = time_training(pairs=32, rounds=1)
    assert report["ours_pairs_per_cpu_second"] > 0
    assert report["trl_pairs_per_cpu_second"] > 0
