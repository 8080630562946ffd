"""`make bench`: what is chosen, what is refused on a busy machine, what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import run_make

from benchmarks import __main__ as command
from benchmarks.sections import Result, read

IDLE = Result("what", {"ours": {"seconds": 1.0}}, {}, 0.0)
BUSY = Result("what", {"ours": {"seconds": 1.0}}, {}, 1.4)


def test_sections_are_chosen_by_the_beginnings_of_their_names():
    assert list(command.selected(["feas", "grid"])) == ["feas-fp32", "feas-bf16", "grid"]
    assert command.selected([]) == command.SECTIONS
    with pytest.raises(ValueError, match="got fees"):
        command.selected(["fees"])


def test_make_bench_runs_what_it_is_asked_for():
    assert run_make("--dry-run", "bench", "ONLY=feas k8", cwd=command.ROOT).strip().endswith("-m benchmarks feas k8")


def test_a_section_that_others_disturbed_is_not_reported():
    said: list[str] = []
    results = command.run({"a": lambda quick: IDLE, "b": lambda quick: BUSY}, quick=True, busy=False, say=said.append)
    assert list(results) == ["a"]
    assert "b: not reported, since others kept 1.4 cores busy" in said[1]


def test_it_is_reported_where_it_is_asked_for_and_every_number_is_marked():
    said: list[str] = []
    assert list(command.run({"b": lambda quick: BUSY}, quick=True, busy=True, say=said.append)) == ["b"]
    assert "| 1 (busy) |" in said[0] and "busy machine" in said[0]


def test_a_busy_machine_is_refused_at_once(monkeypatch, capsys, tmp_path: Path):
    monkeypatch.setattr(command, "cores_of_others", lambda: 1.5)
    monkeypatch.setattr(command, "SECTIONS", {"a": lambda quick: IDLE})
    out = tmp_path / "numbers.json"
    assert command.main(["--out", str(out)]) == 1
    assert "found others keeping 1.5 cores busy" in capsys.readouterr().err and not out.exists()
    assert command.main(["--out", str(out), "--busy"]) == 0
    assert list(read(out)["sections"]) == ["a"]


def test_what_was_not_reported_is_no_success(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(command, "cores_of_others", lambda: 0.0)
    monkeypatch.setattr(command, "SECTIONS", {"b": lambda quick: BUSY})
    assert command.main(["--out", str(tmp_path / "numbers.json")]) == 1
    assert command.main(["--out", str(tmp_path / "quick.json"), "--quick", "--busy"]) == 0
    assert not (tmp_path / "quick.json").exists()
