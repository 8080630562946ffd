"""RewardBench's leaderboard code reads our result file and weighs its subsets.

The package pins a stack of its own, so it is no dependency: name a folder with its unpacked wheel in
BENCH_REWARD_BENCH_SOURCES.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchbench import exports
from benchbench.core.export import ExportedPairs

READER = Path(__file__).with_name("reward_bench_reads.py")
SOURCES = os.environ.get("BENCH_REWARD_BENCH_SOURCES")


@pytest.mark.skipif(SOURCES is None, reason="no sources of rewardbench: name them in BENCH_REWARD_BENCH_SOURCES")
def test_the_leaderboard_s_loader_finds_our_row(tmp_path: Path):
    subsets = {"alpacaeval-easy": 0.5, "mt-bench-easy": 1.0, "hep-python": 0.25}
    rows = [
        {"subset": name, "chosen": 1.0 if i < 4 * accuracy else 0.0, "rejected": 0.5}
        for name, accuracy in subsets.items()
        for i in range(4)
    ]
    scores = ExportedPairs("dpo-seed1", "sft-seed1", "mine", pd.DataFrame(rows))
    for name, text in exports.get("reward_bench").files(scores).items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", READER, str(SOURCES), tmp_path / "results"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HF_HOME": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout.strip().splitlines()[-1])
    assert row["model"].endswith("dpo-seed1")
    assert row["model_type"] == "DPO"
    assert row["sections"]["Chat"] == pytest.approx((100 * 0.5 + 28 * 1.0) / 128)
    assert row["sections"]["Reasoning"] == pytest.approx(0.25)
