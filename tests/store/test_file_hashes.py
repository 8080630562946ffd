"""Hashes that are kept beside what the file system says of a file."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path

import pytest

from benchbench.store import file_hashes
from benchbench.store.file_hashes import file_hash, kept_hash


class Counted:
    """A way to hash that knows how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, path: Path) -> str:
        self.asked += 1
        return file_hash(path)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has not been written to for a while."""
    path = tmp_path / "weights"
    path.write_bytes(b"first")
    now = time.time()
    monkeypatch.setattr("benchbench.store.file_hashes.time.time", lambda: now + 60)
    monkeypatch.setattr(file_hashes, "SMALL_BYTES", 0)
    return path


def test_a_file_is_read_once_while_nothing_about_it_changes(file: Path, tmp_path: Path):
    read = Counted()
    found = [kept_hash(file, tmp_path / "runs", read=read) for _ in range(3)]
    assert found == [sha256(b"first").hexdigest()] * 3
    assert read.asked == 1


def test_a_small_file_is_read_at_each_look_and_no_note_of_it_is_kept(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(file_hashes, "SMALL_BYTES", 5)
    read = Counted()
    assert {kept_hash(file, tmp_path / "runs", read=read) for _ in range(2)} == {sha256(b"first").hexdigest()}
    assert read.asked == 2 and not (tmp_path / "runs").exists()


def test_another_content_of_the_same_size_and_time_is_noticed(file: Path, tmp_path: Path):
    """`touch -r` gives an edited file its old time of modification; the time of its last change stays new."""
    before = file.stat()
    assert kept_hash(file, tmp_path / "runs") == sha256(b"first").hexdigest()
    time.sleep(0.02)
    file.write_bytes(b"other")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert kept_hash(file, tmp_path / "runs") == sha256(b"other").hexdigest()


def test_a_link_that_points_elsewhere_now_is_another_file(file: Path, tmp_path: Path):
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_bytes(b"other")
    link.symlink_to(file)
    assert kept_hash(link, tmp_path / "runs") == sha256(b"first").hexdigest()
    link.unlink()
    link.symlink_to(other)
    assert kept_hash(link, tmp_path / "runs") == sha256(b"other").hexdigest()


def test_the_hash_of_a_file_that_was_just_written_is_not_kept(tmp_path: Path):
    read = Counted()
    path = tmp_path / "fresh"
    path.write_bytes(b"first")
    for _ in range(2):
        kept_hash(path, tmp_path / "runs", read=read)
    assert read.asked == 2


def test_a_damaged_entry_is_read_as_none(file: Path, tmp_path: Path):
    runs = tmp_path / "runs"
    kept_hash(file, runs)
    (entry,) = (runs / "hashes").iterdir()
    entry.write_text("[")
    assert kept_hash(file, runs) == sha256(b"first").hexdigest()
