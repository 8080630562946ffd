"""Folders that cannot do what stages rest on are refused with the step, and nothing of the trial stays."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store import shared_folder
from benchbench.store.shared_folder import is_of_this_machine, require_safe_folder

REAL_OPEN = os.open


def refusing(number: int) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def open_again(path: Path, flags: int, *more: int, **where: Any) -> int:
    """As a file system that knows no O_EXCL."""
    return REAL_OPEN(path, flags & ~os.O_EXCL, *more, **where)


def test_a_folder_of_this_machine_is_safe_and_nothing_stays_in_it(tmp_path: Path):
    require_safe_folder(tmp_path, with_locks=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("owner", "name", "stand_in", "said"),
    [
        (os, "open", open_again, "make a file that nobody else made, once, found one that cannot .it said so and did"),
        (Path, "replace", refusing(errno.ENOTSUP), "put a file in the place of another one, .*Operation not supported"),
        (Path, "replace", lambda *_: None, "put a file in the place of another one, .*it said so and did not"),
        (
            Path,
            "rename",
            refusing(errno.EXDEV),
            "move a folder whole, found one that cannot .Invalid cross-device link",
        ),
        (fcntl, "lockf", refusing(errno.ENOLCK), "lock a file, found one that cannot .No locks available"),
    ],
)
def test_one_that_lacks_a_step_is_refused_with_it(
    owner: object, name: str, stand_in: object, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(owner, name, stand_in)
    with pytest.raises(BenchError, match=said) as refused:
        require_safe_folder(tmp_path, with_locks=True)
    assert refused.value.exit_code is ExitCode.UNAVAILABLE and list(tmp_path.iterdir()) == []


def test_a_full_disk_is_not_said_to_be_the_wrong_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "rename", refusing(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left"):
        require_safe_folder(tmp_path)


def test_a_file_system_of_other_hosts_is_told_by_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The innermost mount counts, the last of several in one place; a name with a blank is written with its number."""
    mounts = tmp_path / "mountinfo"
    lines = [
        "22 1 8:1 / / rw - ext4 /dev/sda rw",
        "23 22 0:5 / /shared rw shared:1 - nfs4 host:/shared rw",
        "24 23 8:2 / /shared/my\\040disk rw - xfs /dev/sdb rw",
        "25 22 8:3 / /late rw - ext4 /dev/sdc rw",
        "26 25 0:6 / /late rw - lustre host:/late rw",
    ]
    mounts.write_text("\n".join(lines))
    monkeypatch.setattr(shared_folder, "MOUNTS", mounts)
    kinds = {
        name: is_of_this_machine(Path(name)) for name in ("/runs", "/shared/runs", "/shared/my disk/runs", "/late")
    }
    assert kinds == {"/runs": True, "/shared/runs": False, "/shared/my disk/runs": True, "/late": False}
    monkeypatch.setattr(shared_folder, "MOUNTS", tmp_path / "none")
    assert not is_of_this_machine(tmp_path), "what is not known is not taken for one of this machine"
