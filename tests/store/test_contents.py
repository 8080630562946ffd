"""What a folder holds, and what is said of a file that cannot be read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from benchbench.store import contents as module
from benchbench.store.contents import content_faults, contents, entry_of, shown_entry
from benchbench.store.file_hashes import SMALL_BYTES


def test_a_file_that_cannot_be_read_is_shown_with_the_reason(tmp_path: Path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert shown_entry(entry_of(loop)) == f"unreadable: {os.strerror(errno.ELOOP)}"
    assert shown_entry({"bytes": 3, "sha256": "a" * 64}) == f"3 bytes with sha256 {'a' * 12}"


@pytest.mark.parametrize("size", [10, SMALL_BYTES + 1], ids=["small", "large"])
def test_a_file_of_a_stage_that_cannot_be_read_is_a_fault_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
):
    folder = tmp_path / "runs" / "fit" / "a"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_bytes(bytes(size))
    entries = contents(folder)

    def failing(*_: object, **__: object) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(module, "file_hash", failing)
    monkeypatch.setattr(module, "kept_hash", failing)
    (fault,) = content_faults(folder, entries, tmp_path / "runs")
    assert fault.endswith(f"found unreadable: {os.strerror(errno.EIO)}")
