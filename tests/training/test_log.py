"""train.jsonl: whole lines, each step once."""

from __future__ import annotations

import json

from benchbench.training.log import SilentLog, TrainLog


def steps(path) -> list[int]:
    return [json.loads(line)["step"] for line in path.read_text().splitlines()]


def written(path, *numbers, resume_at=0):
    with TrainLog(path, resume_at=resume_at) as log:
        for number in numbers:
            log.write({"step": number, "loss": 0.5})
    return steps(path)


def test_a_line_is_json_with_sorted_keys(tmp_path):
    with TrainLog(tmp_path / "log", resume_at=0) as log:
        log.write({"step": 1, "loss": 0.25})
    assert (tmp_path / "log").read_text() == '{"loss": 0.25, "step": 1}\n'


def test_lines_after_the_checkpoint_are_written_again_not_twice(tmp_path):
    path = tmp_path / "log"
    written(path, 1, 2, 3, 4, 5)
    assert written(path, 4, 5, 6, resume_at=3) == [1, 2, 3, 4, 5, 6]


def test_a_run_without_checkpoint_starts_over(tmp_path):
    path = tmp_path / "log"
    written(path, 1, 2, 3)
    assert written(path, 1, resume_at=0) == [1]


def test_half_a_line_is_dropped(tmp_path):
    path = tmp_path / "log"
    written(path, 1, 2)
    with path.open("a") as handle:
        handle.write('{"loss": 0.5, "st')
    assert written(path, 3, resume_at=2) == [1, 2, 3]


def test_a_kill_right_after_resuming_loses_no_line(tmp_path):
    """What was there is there at every moment, not only once the run has written more."""
    path = tmp_path / "log"
    written(path, 1, 2, 3)
    with TrainLog(path, resume_at=2):
        assert steps(path) == [1, 2]


def test_a_line_is_on_disk_when_it_is_written(tmp_path):
    path = tmp_path / "log"
    with TrainLog(path, resume_at=0) as log:
        log.write({"step": 1})
        assert steps(path) == [1]


def test_the_last_line_that_was_kept_is_known(tmp_path):
    path = tmp_path / "log"
    written(path, 1, 2, 3)
    with TrainLog(path, resume_at=2) as log:
        assert log.last == {"step": 2, "loss": 0.5}
        log.write({"step": 3})
        assert log.last == {"step": 3}
    with TrainLog(path, resume_at=0) as log:
        assert log.last == {}


def test_a_process_that_writes_no_log_knows_its_last_line(tmp_path):
    with SilentLog() as log:
        log.write({"step": 1, "loss": 0.25})
    assert log.last == {"step": 1, "loss": 0.25}
    with TrainLog(tmp_path / "log", resume_at=0) as empty:
        assert log.state() == empty.state()
