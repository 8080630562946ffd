"""Names of what is being written, beside its place; a killed process leaves such drafts, and the next run removes them.

A draft's name says which process of which machine writes it, so that nobody removes what another one is writing. A
folder that is about to be replaced is no draft: it stands in a folder of its own until the new one is in its place, and
goes back there where the process was killed before that.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from benchbench.store.processes import is_process, machine

FORGOTTEN_SECONDS = 7 * 24 * 3600.0
"""After so long a draft of another machine, of whose processes nothing is known here, counts as left behind."""
_LONGEST_NAME = 150
"""Characters of a file's name that its draft's begins with; file systems take 255 bytes."""
_DRAFT = re.compile(r"\..+\.([0-9a-f]{8})-([0-9]+)\.[a-z0-9_]{8}")
_OLD = re.compile(r"\..+\.old\.([0-9a-f]{8})-([0-9]+)-[a-z0-9_]{8}")


def draft_prefix(path: Path) -> str:
    """How the name of a draft begins, before the random characters that `tempfile` adds: it is hidden.

    Args:
        path: the place that the draft is for.
    """
    return f".{path.name[:_LONGEST_NAME]}.{machine()}-{os.getpid()}."


def old_prefix(path: Path) -> str:
    """As `draft_prefix`, for the folder that holds what is replaced at a place until the new one is there.

    Args:
        path: the place.
    """
    return f".{path.name[:_LONGEST_NAME]}.old.{machine()}-{os.getpid()}-"


def put_back_replaced(folder: Path) -> None:
    """Put back the folders that processes which are gone took from their place, where nothing stands there now.

    Args:
        folder: in which they have their places.
    """
    for holder in [path for path in _entries(folder) if _is_stale(path, _OLD)]:
        _put_back(holder, folder)


def remove_stale_drafts(folder: Path, *, depth: int = 2) -> list[Path]:
    """Remove the drafts that processes which are gone have left, put back what they were replacing; returns the drafts.

    Args:
        folder: where to look.
        depth: how many folders down; 0 looks at what lies in the folder itself.
    """
    stale = [path for path in _drafts(folder, depth, put_back_replaced) if _is_stale(path, _DRAFT)]
    for path in stale:
        _remove(path)
    return stale


def stale_drafts(folder: Path, *, depth: int = 2) -> list[Path]:
    """The drafts that processes which are gone have left; `depth` as in `remove_stale_drafts`. Nothing is changed."""
    return [path for path in _drafts(folder, depth) if _is_stale(path, _DRAFT)]


def remove_drafts(folder: Path) -> None:
    """Remove every draft in a folder, at any depth, whoever wrote it; for a folder that nobody else may write to."""
    for path in list(_drafts(folder, 8, put_back_replaced)):
        _remove(path)


def remove_at_once(path: Path) -> bool:
    """Remove what stands at a place, in one step out of it, so that nobody finds half of it; whether all of it went.

    What a process that is killed meanwhile leaves is a draft.
    """
    grave = Path(tempfile.mkdtemp(dir=path.parent, prefix=draft_prefix(path)))
    try:
        path.rename(grave / path.name)
    except OSError:
        grave.rmdir()
        return False
    shutil.rmtree(grave, ignore_errors=True)
    return not os.path.lexists(grave)


def is_draft(path: Path) -> bool:
    """Whether a name is that of a draft, whoever writes it."""
    return _DRAFT.fullmatch(path.name) is not None


def _put_back(holder: Path, folder: Path) -> None:
    """Put back what a holder has; it goes only where all of it is known and stands in its place.

    Another process may do the same at this moment: what it was faster with is no longer in the holder.
    """
    try:
        names = [old.name for old in holder.iterdir()]
    except OSError:
        return
    for name in names:
        if not os.path.lexists(folder / name):
            with suppress(OSError):
                (holder / name).rename(folder / name)
    if all(os.path.lexists(folder / name) for name in names):
        _remove(holder)


def _drafts(folder: Path, depth: int, visit: Callable[[Path], None] = lambda folder: None) -> Iterator[Path]:
    """The drafts in a folder, and in those in it; `visit` is called with each folder before it is looked into."""
    visit(folder)
    for path in _entries(folder):
        if _DRAFT.fullmatch(path.name):
            yield path
        elif depth > 0 and path.is_dir() and not path.is_symlink():
            yield from _drafts(path, depth - 1, visit)


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing where it cannot be looked into."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_stale(path: Path, pattern: re.Pattern[str]) -> bool:
    """Whether a name is of such a pattern, and the process that made it is gone."""
    if (match := pattern.fullmatch(path.name)) is None:
        return False
    if match[1] == machine():
        return not is_process(int(match[2]))
    try:
        return path.stat().st_mtime + FORGOTTEN_SECONDS < time.time()
    except OSError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
