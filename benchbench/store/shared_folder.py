"""What a folder must be able to do for `runs/` to be safe in it: tried once, before a command writes there.

A name is made once by one of several, and a file or a folder takes its place whole: leases and every finished file rest
on these. Some network and object-store file systems lack one of them, or say that they did it and did not.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.drafts import draft_prefix

_NOT_DONE = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EXDEV, errno.EPERM, errno.ENOLCK}
"""What a file system answers that does not do something; a full or read-only one is said as such (`store.disk`)."""


MOUNTS = Path("/proc/self/mountinfo")
"""Where each file system is, and of which kind."""
LOCAL_KINDS = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs", "overlay"})
"""Kinds of file systems that only processes of this machine see."""


def is_of_this_machine(folder: Path) -> bool:
    """Whether a folder is on a file system that only this machine sees; not where its kind is not known."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    path, length, kind = folder.resolve(), -1, ""
    for line in lines:
        mount, _, system = line.partition(" - ")
        place = Path(re.sub(r"\\([0-7]{3})", lambda number: chr(int(number[1], 8)), mount.split(" ")[4]))
        if path.is_relative_to(place) and len(place.parts) >= length:  # of several in one place the last one is seen
            length, kind = len(place.parts), system.split(" ")[0]
    return kind in LOCAL_KINDS


def require_safe_folder(folder: Path, *, with_locks: bool = False) -> None:
    """Return only if a folder does what finished stages and leases rest on.

    Args:
        folder: that is written to, and there already.
        with_locks: whether files are locked there, too, as the database of a judge's answers is.

    Raises:
        BenchError: exit code 5; it does not: which step.
        OSError: it cannot be written to at all.
    """
    scratch = Path(tempfile.mkdtemp(dir=folder, prefix=draft_prefix(folder / "trial")))
    try:
        for step, attempt in {**_STEPS, **(_LOCKS if with_locks else {})}.items():
            if (said := _tried(attempt, scratch)) is not None:
                raise BenchError(
                    f"{folder}: expected a file system that can {step}, found one that cannot ({said}); stages would "
                    "not be safe there: name a folder on another one with --runs, and copy what is finished",
                    exit_code=ExitCode.UNAVAILABLE,
                )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _tried(attempt: Callable[[Path], bool], scratch: Path) -> str | None:
    """Why a step did not do what it says; none where it did."""
    try:
        return None if attempt(scratch) else "it said so and did not"
    except OSError as error:
        if error.errno not in _NOT_DONE:
            raise
        return error.strerror or type(error).__name__


def _makes_once(scratch: Path) -> bool:
    for expected in (True, False):
        try:
            os.close(os.open(scratch / "once", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            if not expected:
                return False
        except FileExistsError:
            if expected:
                return False
    return True


def _replaces_a_file(scratch: Path) -> bool:
    (scratch / "new").write_bytes(b"new")
    (scratch / "place").write_bytes(b"old")
    (scratch / "new").replace(scratch / "place")
    return (scratch / "place").read_bytes() == b"new" and not (scratch / "new").exists()


def _moves_a_folder(scratch: Path) -> bool:
    (scratch / "draft").mkdir()
    (scratch / "draft" / "file").write_bytes(b"whole")
    (scratch / "draft").rename(scratch / "folder")
    return (scratch / "folder" / "file").read_bytes() == b"whole" and not (scratch / "draft").exists()


def _locks(scratch: Path) -> bool:
    with (scratch / "locked").open("wb") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(file, fcntl.LOCK_UN)
    return True


_LOCKS: dict[str, Callable[[Path], bool]] = {"lock a file": _locks}
_STEPS: dict[str, Callable[[Path], bool]] = {
    "make a file that nobody else made, once": _makes_once,
    "put a file in the place of another one": _replaces_a_file,
    "move a folder whole": _moves_a_folder,
}
"""What is tried, in words -> whether it was done."""
