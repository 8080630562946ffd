"""What a disk refuses, in words: full, read-only, not permitted, or something else where a file belongs."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.store.drafts import is_draft

_REASONS = {
    errno.ENOSPC: ("the disk is full", "make room"),
    errno.EDQUOT: ("the quota of this user is used up", "make room"),
    errno.EROFS: ("the file system is read-only", "name a folder that can be written with --runs, --results or --out"),
    errno.EACCES: ("this user has no permission", "change the permissions, or name another folder"),
    errno.EPERM: ("this user has no permission", "change the permissions, or name another folder"),
    errno.EIO: ("the disk failed", "look at the disk"),
    errno.EISDIR: ("there is a folder where a file belongs", "move it away"),
    errno.ENXIO: ("there is a pipe or a device where a file belongs", "move it away"),
    errno.ENOTDIR: ("there is a file where a folder belongs", "move it away"),
    errno.EEXIST: ("there is a file where a folder belongs", "move it away"),
    errno.ELOOP: ("links lead in a circle", "remove them"),
    errno.ENAMETOOLONG: ("the name is too long for the file system", "use shorter names"),
    errno.EMFILE: ("too many files are open", "raise the limit (ulimit -n)"),
    errno.EFBIG: ("the file would be larger than is allowed", "raise the limit (ulimit -f)"),
}
"""Error number -> what it means, and what to do."""


_RUST = re.compile(r"\(os error (\d+)\)")
"""How safetensors and tokenizers end what they say of an error of the disk, which is no OSError."""
_CUT = re.compile(r"\d+ requested and \d+ written")
"""What numpy says of a write that was cut short, without saying why."""


def disk_error(error: BaseException) -> OSError | None:
    """An error of the disk as an OSError with its number, whichever library told of it; none for any other error.

    Args:
        error: as it was raised.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error if error.errno in _REASONS else None
    if isinstance(error, BenchError):
        return None
    text = str(error)
    if match := _RUST.search(text):
        number = int(match[1])
    elif isinstance(error, OSError) and _CUT.search(text):
        number = errno.ENOSPC
    else:
        return None
    return OSError(number, os.strerror(number)) if number in _REASONS else None


@contextmanager
def placed(path: Path) -> Iterator[None]:
    """Have errors of the disk say which path is written: those of a write say none, others that of a draft.

    Raises:
        OSError: one of the disk, with the path where it had none.
    """
    try:
        yield
    except Exception as error:
        refusal = disk_error(error)
        if refusal is None:
            raise
        if refusal.filename is None or any(map(is_draft, _upwards(refusal.filename))):
            refusal.filename = str(path)
        if refusal is error:
            raise
        raise refusal from error


def _upwards(name: str | bytes) -> list[Path]:
    """A path, and every folder above it."""
    path = Path(os.fsdecode(name))
    return [path, *path.parents]


def disk_message(error: BaseException, place: Path | None = None) -> str | None:
    """What a person can do about an error of the disk; none for errors that are not the disk's.

    What was finished before is on disk, and the same command goes on from there.

    Args:
        error: as it was raised.
        place: what was written, for an error that does not say so.
    """
    refusal = disk_error(error)
    if refusal is None:
        return None
    what, remedy = _REASONS[refusal.errno or 0]
    where = refusal.filename2 or refusal.filename or place
    message = f"{what}; {remedy}, and run the command again, which goes on from what is finished"
    return f"{where}: {message}" if where else message
