"""The command lines of docs/other_tools.md, run letter by letter on files as the tools write them."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from harness import ROOT, bench

from benchbench import imports
from tests.imports.logs import (
    DATE,
    annotation,
    judgment,
    reward_scores,
    sample,
    write_json,
    write_lines,
    write_log,
)

PAGE = (ROOT / "docs" / "other_tools.md").read_text(encoding="utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if line.startswith("    bench ")]
RNG = np.random.default_rng(8)


def log(folder: Path, right: float) -> None:
    """A log of two tasks, one of them with subjects and two metrics."""
    values = (RNG.random((2, 40)) < right).astype(float)
    rows = [sample(k, {"acc": a, "acc_norm": b}, subject=f"s{k % 4}") for k, (a, b) in enumerate(values.T.tolist())]
    write_lines(folder / f"samples_arc_easy_{DATE}.jsonl", rows)
    write_log(folder, values[0].tolist(), task="hellaswag")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the page names, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("base", "dpo", "simpo", "dpo_1", "dpo_2", "simpo_1", "simpo_2"):
        log(tmp_path / "out" / name, 0.7 if "dpo" in name else 0.5)
    for model in ("dpo", "simpo"):
        rows = [annotation(k, model, 1 + float(RNG.random())) for k in range(40)]
        write_json(tmp_path / "results" / model / "annotations.json", rows)
        verdicts = [judgment(f"u{k}", model, *RNG.choice(["A>B", "B>A", "A=B"], 2).tolist()) for k in range(40)]
        write_lines(tmp_path / "data" / "arena-hard-v2.0" / "model_judgment" / "gpt-4.1" / f"{model}.jsonl", verdicts)
        pairs = {name: [tuple(RNG.random(2).tolist()) for _ in range(20)] for name in ("hep-cpp", "refusals-dangerous")}
        write_json(tmp_path / "results" / "eval-set-scores" / f"{model}.json", reward_scores(model, pairs))  # pyright: ignore
    (tmp_path / "leaderboard.csv").write_text(
        ",win_rate,standard_error,n_total\ngpt4,38.1,1.5,805\ngpt4_turbo,50.0,1.4,805\n"
    )


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_page_runs_as_written(line: str, files: None):
    ended = bench(*shlex.split(line)[1:])
    assert ended.code == 0, ended.err
    assert "baseline " in ended.out and "[95%]" in ended.text


def test_the_page_has_every_format_at_its_commit():
    for name in imports.names():
        project, commit = imports.get(name).format.rpartition(" at ")[0::2]
        assert commit.strip(")") in PAGE and project.partition("(")[2].split("/")[-1][:6] in PAGE, name
