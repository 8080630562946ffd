"""Killed, stopped and doubled runs: what is on disk goes on where it stopped, to the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import BENCH, MICRO, Ended
from safetensors import safe_open

pytestmark = pytest.mark.slow

LINE = (
    *("train", "simpo", "--setting", str(MICRO), "--seeds", "1"),
    *("--set", "preference.max_steps=500", "--set", "preference.save_steps=20"),
)
WAIT_SECONDS = 120


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    ended = finish_process(start(folder))
    assert ended.code == 0, ended.err
    return folder


def start(folder: Path) -> subprocess.Popen:
    """The command, in a process group of its own and on one core, so with one single-threaded worker."""
    core = min(os.sched_getaffinity(0))
    return subprocess.Popen(
        [BENCH, *LINE],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


def until(condition: Callable[[], object], process: subprocess.Popen | None = None) -> object:
    """Wait for something, not for ever."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError("it did not come to this")


def stage(folder: Path) -> Path | None:
    """The folder of the preference stage."""
    records = list((folder / "runs" / "preference").glob("*/status.json"))
    return records[0].parent if records else None


def in_the_middle(folder: Path) -> bool:
    """Whether the preference stage has a checkpoint, and is not finished."""
    place = stage(folder)
    return place is not None and (place / "checkpoint" / "state.safetensors").is_file()


def status(folder: Path) -> dict:
    place = stage(folder)
    assert place is not None
    return json.loads((place / "status.json").read_text())


def worker_of(process: subprocess.Popen) -> int:
    """Process id of the one spawned worker."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (worker,) = (child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes())
    return int(worker)


def finish_process(process: subprocess.Popen) -> Ended:
    out, err = process.communicate(timeout=WAIT_SECONDS)
    return Ended(process.returncode, out, err)


def same_as(folder: Path, whole: Path) -> None:
    """Model, log and tables are byte for byte those of the undisturbed run."""
    resumed, undisturbed = stage(folder), stage(whole)
    assert resumed is not None
    assert undisturbed is not None
    assert resumed.name == undisturbed.name
    for name in ("model/model.safetensors", "train.jsonl"):
        assert (resumed / name).read_bytes() == (undisturbed / name).read_bytes(), name
    assert not (resumed / "checkpoint").exists()
    table = Path("results") / "micro" / "measurements.csv"
    assert (folder / table).read_bytes() == (whole / table).read_bytes()


def resumes(folder: Path, whole: Path) -> None:
    """The same command goes on from the checkpoint, and ends as if nothing had happened."""
    with safe_open(stage(folder) / "checkpoint" / "state.safetensors", "pt") as state:
        assert 20 <= int(state.metadata()["step"]) < 500
    again = finish_process(start(folder))
    assert again.code == 0, again.err
    record = status(folder)
    assert (record["status"], record["attempts"]) == ("done", 2)
    same_as(folder, whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_leaves_a_checkpoint_and_goes_on_from_it(tmp_path: Path, whole: Path, number: int, code: int):
    process = start(tmp_path)
    until(lambda: in_the_middle(tmp_path), process)
    process.send_signal(number)
    ended = finish_process(process)
    assert ended.code == code
    assert "stopped; the same command goes on from the checkpoints" in ended.err
    assert "Traceback" not in ended.err
    assert status(tmp_path)["status"] == "interrupted"
    assert not (tmp_path / "results").exists()
    resumes(tmp_path, whole)


def test_the_keyboard_interrupts_the_whole_group_and_still_there_is_a_checkpoint(tmp_path: Path, whole: Path):
    """A terminal sends SIGINT to parent and workers alike."""
    process = start(tmp_path)
    until(lambda: in_the_middle(tmp_path), process)
    os.killpg(process.pid, signal.SIGINT)
    assert finish_process(process).code == 130
    resumes(tmp_path, whole)


def test_a_killed_worker_is_a_failed_stage_and_the_next_run_finishes_it(tmp_path: Path, whole: Path):
    process = start(tmp_path)
    until(lambda: in_the_middle(tmp_path), process)
    worker = worker_of(process)
    os.kill(worker, signal.SIGKILL)
    ended = finish_process(process)
    assert ended.code == 4
    assert "the worker process ended with exit code -9" in ended.err
    record = status(tmp_path)
    assert record["status"] == "failed"
    assert "-9: killed, often out of memory" in record["message"]
    resumes(tmp_path, whole)


def test_a_worker_that_is_told_to_stop_by_another_leaves_a_checkpoint_and_blocks_what_reads_it(
    tmp_path: Path, whole: Path
):
    process = start(tmp_path)
    until(lambda: in_the_middle(tmp_path), process)
    worker = worker_of(process)
    os.kill(worker, signal.SIGTERM)
    ended = finish_process(process)
    assert ended.code == 4
    assert "stopped on request; the next run resumes" in ended.err
    assert "Traceback" not in ended.err
    assert status(tmp_path)["status"] == "interrupted"
    resumes(tmp_path, whole)


def test_orphaned_workers_leave_a_checkpoint_and_end(tmp_path: Path, whole: Path):
    process = start(tmp_path)
    until(lambda: in_the_middle(tmp_path), process)
    worker = worker_of(process)
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{worker}").exists())
    record = status(tmp_path)
    assert record["status"] == "interrupted", record["message"]
    resumes(tmp_path, whole)


def test_everything_killed_at_once_goes_on_from_the_last_checkpoint(tmp_path: Path, whole: Path):
    process = start(tmp_path)
    until(lambda: in_the_middle(tmp_path), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert status(tmp_path)["status"] == "running"
    resumes(tmp_path, whole)


def test_two_commands_on_the_same_runs_do_nothing_twice(tmp_path: Path):
    line = (
        *("compare", "simpo", "dpo", "--setting", str(MICRO), "--seeds", "1", "2", "--workers", "2"),
        *("--set", "sft.max_steps=100"),
    )
    started = [
        subprocess.Popen([BENCH, *line, "--results", f"results{n}"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for n in (1, 2)
    ]
    for process in started:
        _, err = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0, err
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/*/status.json")]
    assert len(records) == 14
    assert {(record["status"], record["attempts"]) for record in records} == {("done", 1)}
    first, second = (tmp_path / f"results{n}" / "micro" / "measurements.csv" for n in (1, 2))
    assert first.read_bytes() == second.read_bytes()
    left = [path for path in (tmp_path / "runs" / "data").iterdir() if path.name.startswith(".")]
    assert left == []
