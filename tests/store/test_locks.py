"""Locks between processes: taken in turn, left when asked to stop, gone with the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.store import locks
from benchbench.store.locks import is_taken, turn


def test_a_lock_that_is_free_is_ours_at_once_and_nobody_is_told_of_a_wait(tmp_path: Path):
    with turn(tmp_path / "folder" / "a.lock", lambda: True, lambda: 1 / 0) as is_ours:
        assert is_ours


def test_who_waits_is_told_once_and_goes_when_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "TURN_SECONDS", 0.01)
    waits, stops = [], iter([False, False, True])
    with (
        turn(tmp_path / "a.lock", lambda: False, lambda: None) as first,
        turn(tmp_path / "a.lock", lambda: next(stops), lambda: waits.append(1)) as second,
    ):
        assert (first, second, waits) == (True, False, [1])


def test_a_lock_is_free_after_the_block(tmp_path: Path):
    for _ in range(2):
        with turn(tmp_path / "a.lock", lambda: True, lambda: None) as is_ours:
            assert is_ours


def test_a_look_at_a_lock_says_whether_it_is_taken_and_leaves_it_as_it_is(tmp_path: Path):
    path = tmp_path / "a.lock"
    assert not is_taken(path) and not path.exists()
    with turn(path, lambda: True, lambda: None):
        assert is_taken(path)
    assert not is_taken(path)
    with turn(path, lambda: True, lambda: None) as is_ours:
        assert is_ours
