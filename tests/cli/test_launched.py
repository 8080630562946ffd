"""The line of docs/slurm.md for one machine, with two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import MICRO, ROOT

from benchbench.cli.launched import run
from benchbench.core.errors import ExitCode

LINE = (
    "python -m torch.distributed.run --standalone --nproc-per-node 2 -m benchbench.cli.launched train dpo --device cpu"
)


def launched(folder: Path) -> subprocess.CompletedProcess[str]:
    """The documented line, on the micro setting."""
    more = ["--setting", str(MICRO), "--seeds", "1", "--set", "preference.max_steps=2", "--set", "sft.max_steps=2"]
    words = [
        sys.executable,
        *LINE.split()[1:],
        *more,
        "--runs",
        str(folder / "runs"),
        "--results",
        str(folder / "results"),
    ]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.run(words, env=variables, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_two_processes_run_a_command_and_let_each_other_go_where_nothing_is_left_to_run(tmp_path: Path):
    assert LINE in (ROOT / "docs" / "slurm.md").read_text(encoding="utf-8")
    ended = launched(tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "processes of a stage: 2" in ended.stderr
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/*/status.json")]
    worlds = {record["key"].split("/")[0]: record["environment"]["world_size"] for record in records}
    assert worlds == {"sft": 2, "preference": 2, "score": 1}
    again = launched(tmp_path)
    assert again.returncode == 0, again.stderr
    assert "stages are finished already" in again.stderr


def test_a_process_that_nobody_launched_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert run(["train", "dpo"]) == ExitCode.USAGE
    assert "expected the variables of torchrun" in capsys.readouterr().err
