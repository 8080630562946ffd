"""The `alpaca-eval` package itself reads our export and prints our win rate.

It is a dependency of development alone; where it is not installed, name an interpreter that has it in
BENCH_ALPACA_EVAL_PYTHON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchbench import exports, imports
from benchbench.comparison.alpaca_eval.leaderboard import raw_row
from benchbench.data.documents import read_document
from tests.exports.responses import ANSWERS, TEXTS, prompt_set, responses

READER = Path(__file__).with_name("alpaca_eval_reads.py")
REFERENCE = ("A colour is blue.", "Two metres.", "One.\nTwo.", "no", "1, 2, 3 – done ✓")


@pytest.fixture(scope="module")
def interpreter() -> str:
    named = os.environ.get("BENCH_ALPACA_EVAL_PYTHON")
    if named is None and importlib.util.find_spec("alpaca_eval") is None:
        pytest.skip("no alpaca-eval: name an interpreter that has it in BENCH_ALPACA_EVAL_PYTHON")
    return named or sys.executable


def test_the_package_reads_our_export_and_prints_our_row(interpreter: str, tmp_path: Path):
    ids = [f"alpaca_eval-{place:03d}" for place in range(5)]
    files = exports.get("alpaca_eval").files(responses(prompt_set(ids, dataset="helpful_base")))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    reference = [
        {"dataset": "helpful_base", "instruction": instruction, "output": output, "generator": "reference"}
        for instruction, output in zip(TEXTS, REFERENCE, strict=True)
    ]
    (tmp_path / "reference.json").write_text(json.dumps(reference), encoding="utf-8")
    done = subprocess.run(
        [interpreter, READER, tmp_path / next(iter(files)), tmp_path / "reference.json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OPENAI_API_KEY": "none"},
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.strip().splitlines()[-1])
    assert read["name"] == "dpo-seed1"
    assert [row[:2] for row in read["annotations"]] == [list(pair) for pair in zip(TEXTS, ANSWERS, strict=True)]
    preferences = [1.5 if a == b else 1 + len(b) / (len(a) + len(b)) for a, b in zip(REFERENCE, ANSWERS, strict=True)]
    assert [row[2] for row in read["annotations"]] == pytest.approx(preferences, abs=1e-12)
    ours = raw_row(np.array(preferences), np.array([len(text) for text in ANSWERS]))
    for name in ("win_rate", "standard_error", "n_wins", "n_wins_base", "n_draws", "n_total", "discrete_win_rate"):
        assert read["row"][name] == pytest.approx(getattr(ours, name), abs=1e-9), name
    assert read["row"]["avg_length"] == ours.avg_length
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(read["file"]), encoding="utf-8")
    (run,) = imports.get("alpaca_eval").read(read_document(path))
    (scores,) = run.groups
    assert (run.model, scores.items) == ("dpo-seed1", TEXTS)
    assert scores.settings == {"judge": "stub", "the judge's baseline": "reference"}
    assert 100 * scores.metrics["win_rate"].values.mean() == pytest.approx(read["row"]["win_rate"], abs=1e-9)
    assert 100 * scores.metrics["discrete_win_rate"].values.mean() == pytest.approx(read["row"]["discrete_win_rate"])
