"""What a disk refuses, in words: full, read-only, not permitted, or something else where a file belongs."""

from __future__ import annotations

import errno

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


def disk_message(error: OSError) -> str | None:
    """What a person can do about an error of the disk; none for errors that are not the disk's.

    What was finished before is on disk, and the same command goes on from there.

    Args:
        error: as it was raised.
    """
    reason = _REASONS.get(error.errno or 0)
    if reason is None:
        return None
    place = f"{error.filename2 or error.filename}: " if error.filename else ""
    return f"{place}{reason[0]}; {reason[1]}, and run the command again, which goes on from what is finished"
