"""Errors of the disk end a command in one message, exit code 5, and leave nothing half-written."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, bench, leftovers

from benchbench.store import files
from benchbench.store.disk import disk_message
from benchbench.store.leases import hold


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (
            errno.EROFS,
            "the file system is read-only; name a folder that can be written with --runs, --results or --out",
        ),
        (errno.EACCES, "this user has no permission; change the permissions, or name another folder"),
        (errno.EISDIR, "there is a folder where a file belongs; move it away"),
        (errno.ENOTDIR, "there is a file where a folder belongs; move it away"),
    ],
)
def test_what_a_disk_refuses_is_said_in_words(number: int, words: str):
    said = disk_message(OSError(number, os.strerror(number), "runs/data"))
    assert said == f"runs/data: {words}, and run the command again, which goes on from what is finished"


def test_errors_that_are_not_the_disks_are_none():
    assert disk_message(OSError("a library's own words")) is None
    assert disk_message(RuntimeError("No such file or directory (os error 2)")) is None
    assert disk_message(ConnectionResetError(errno.ECONNRESET, "reset")) is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (OSError, (errno.ENOSPC, "as a write says it, without a path")),
        (OSError, ("100000 requested and 8176 written",)),
        (RuntimeError, ("Error while serializing: I/O error: No space left on device (os error 28)",)),
    ],
    ids=["write", "numpy", "safetensors"],
)
@pytest.mark.parametrize("write", [files.written, files.whole_folder])
def test_whoever_finds_the_disk_full_the_message_says_where(tmp_path: Path, kind: Any, words: Any, write: Any):
    with pytest.raises(OSError) as full, write(tmp_path / "rows"):
        raise kind(*words)
    assert str(disk_message(full.value)).startswith(f"{tmp_path / 'rows'}: the disk is full; make room, and run")
    assert [*tmp_path.iterdir()] == []


def test_what_is_written_in_a_draft_of_a_folder_is_said_to_be_the_folder(tmp_path: Path, no_room: None):
    with pytest.raises(OSError) as refusal, files.whole_folder(tmp_path / "rows") as draft:
        files.write_text(draft / "train.jsonl", "{}")
    assert str(disk_message(refusal.value)).startswith(f"{tmp_path / 'rows'}: the file would be larger than")


def test_no_draft_of_a_lease_stays_where_its_text_finds_no_room(tmp_path: Path, no_room: None):
    with pytest.raises(OSError) as refusal, hold(tmp_path / "leases" / "a", guards=tmp_path / "a"):
        pass
    assert str(disk_message(refusal.value)).startswith(f"{tmp_path / 'leases' / 'a'}: the file would be larger than")
    assert [*(tmp_path / "leases").iterdir()] == []


def refused(tmp_path: Path) -> str:
    ended = bench("train", "dpo", "--setting", MICRO, "--seeds", 1, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code == 5 and ended.out == "" and "Traceback" not in ended.err
    return ended.err


def test_a_file_in_the_place_of_a_folder(tmp_path: Path):
    (tmp_path / "runs").write_text("mine")
    said = refused(tmp_path)
    assert f"{tmp_path / 'runs'}" in said and "there is a file where a folder belongs; move it away" in said
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    def fails(*_: object, dir: Path, prefix: str) -> tuple[int, str]:  # noqa: A002
        raise OSError(number, os.strerror(number), str(dir / prefix))

    monkeypatch.setattr(tempfile, "mkstemp", fails)
    monkeypatch.setattr(tempfile, "mkdtemp", fails)
    assert "run the command again, which goes on from what is finished" in refused(tmp_path)
    assert leftovers(tmp_path / "runs") == []


def test_a_disk_that_is_full_in_the_middle_of_a_file_leaves_the_old_one(tmp_path: Path):
    """The file that every Linux has for this."""
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="No space") as full, open("/dev/full", "w", encoding="utf-8") as file:
        file.write("x" * 100_000)
    assert "the disk is full" in str(disk_message(full.value))
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "new \ud800")
    assert path.read_text() == "old" and [inner.name for inner in tmp_path.iterdir()] == ["table.csv"]
