"""Files that lie in the hub's cache already are compared with the hub's hashes before anything is made of them.

Somebody else's program may have brought them, and a disk may have damaged them since. Each is read at the first use of
its revision, and recorded in `runs/`; later uses cost a look at size, times and inode. A file that is no link to one
named by a hash, as in a copy of a cache or on a system without links, cannot be verified: that is said once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchbench.core.errors import Fault
from benchbench.core.repository import Repository
from benchbench.data.hub_cache import (
    FETCH,
    HashedFile,
    damage,
    damaged,
    forget_readings,
    held_paths,
    hub_hash,
    read_cached,
    snapshot_folder,
)
from benchbench.store.damage import say
from benchbench.store.file_hashes import file_state, is_settled, keep_hash
from benchbench.store.hub_records import VerifiedRevision, all_verified, read_verified, write_verified

LONG_BYTES = 1 << 30
"""So much to read takes seconds, and is announced."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NO_HASH = {"blob": None}


@dataclass(frozen=True)
class CachedRevision:
    """Files of one revision that are about to be read."""

    repository: Repository
    patterns: tuple[str, ...] = ("**/*",)
    """Which of its files; others are not looked at."""
    mend: str = FETCH
    """What brings a file again that was deleted."""


def require_verified(revisions: Iterable[CachedRevision], root: Path | None, *, again: bool = False) -> None:
    """Return only if what the hub's cache holds of these revisions is what the hub says it is.

    What is not in the cache is no fault here: whoever needs it asks the hub, and compares what comes.

    Args:
        revisions: of the hub, or local folders, of which nothing is known.
        root: the `runs/` folder, where it is recorded what was verified; none reads every file.
        again: read every file, whatever is recorded.

    Raises:
        BenchError: exit code 5; every file that is damaged, with both hashes, in one message.
    """
    if again:
        forget_readings()
    faults = [fault for each in _merged(revisions) for fault in _faults(each, root, again=again)]
    if faults:
        raise damaged(faults)


def verified_again(root: Path) -> Iterator[tuple[VerifiedRevision, list[str]]]:
    """Every revision that was verified before and is still in the cache, with what is wrong with it now, if anything.

    All of its files are read.

    Args:
        root: the `runs/` folder.
    """
    forget_readings()
    for verified in all_verified(root):
        here = held_paths(Path(verified.folder)) if Path(verified.folder).is_dir() else {}
        named = {name for name, state in verified.files.items() if state.get("blob")}
        read, faults = _read({name: path for name, path in here.items() if name in named}, "")
        if read or faults:
            wrong = [*faults, *damage("", read)]
            yield verified, [f"{fault.where.removeprefix(', ')}: {fault.message}" for fault in wrong]


def _merged(revisions: Iterable[CachedRevision]) -> list[CachedRevision]:
    """Each repository once, with the files that anybody reads of it; what is no commit of the hub is left out."""
    merged: dict[Repository, CachedRevision] = {}
    for each in revisions:
        repository = each.repository
        if repository.folder is not None or not _COMMIT.fullmatch(repository.revision or ""):
            continue
        before = merged.get(repository, each)
        merged[repository] = replace(before, patterns=tuple(dict.fromkeys(before.patterns + each.patterns)))
    return list(merged.values())


def _faults(each: CachedRevision, root: Path | None, *, again: bool) -> list[Fault]:
    repository = each.repository
    assert repository.revision is not None
    try:
        folder = snapshot_folder(repository.kind, repository.name, repository.revision)
    except ValueError:  # a name that no repository can have; whoever asks the hub says so
        return []
    paths = held_paths(folder, each.patterns) if folder.is_dir() else {}
    if not paths:
        return []
    before = None if root is None else read_verified(root, repository, folder)
    known = {} if before is None else before.files
    present = {name: _state(path) for name, path in paths.items()}
    new = {name: state for name, state in present.items() if known.get(name) != state}
    wanted = [name for name in (present if again else new) if present[name] != _NO_HASH]
    _announce(str(repository), sum(present[name]["size"] for name in wanted))
    read, faults = _read({name: paths[name] for name in wanted}, str(repository))
    if faults := [*faults, *damage(str(repository), read, each.mend)]:
        return faults
    bare = sorted(name for name in new if present[name] == _NO_HASH)
    if bare:
        say(
            f"{repository}: not verified: {_shown(bare)} in {folder} "
            "are no links to files that the hub's hashes name, so nothing says what they should be"
        )
    if again:
        say(f"{repository}: {len(read)} files in the hub's cache are what the hub says they are")
    if root is not None and before is not None:
        _record(root, before, {name: paths[name] for name in new}, new, read)
    return []


def _record(
    root: Path,
    before: VerifiedRevision,
    paths: dict[str, Path],
    states: dict[str, dict[str, Any]],
    read: dict[str, HashedFile],
) -> None:
    """Write down what was verified, of files that were not written to just now or while they were read."""
    firm = {n: s for n, s in states.items() if s == _NO_HASH or (is_settled(s) and _state(paths[n]) == s)}
    if not firm:
        return
    write_verified(root, replace(before, files={**before.files, **firm}))
    for name in firm.keys() & read.keys():
        if read[name].kind == "sha256":  # stages ask for the same hash of these files, which are large
            state = {key: value for key, value in states[name].items() if key != "blob"}
            keep_hash(read[name].path, root, read[name].sha256, state)


def _state(path: Path) -> dict[str, Any]:
    """The hub's hash of a file with what the file system says of it; of a file without one there is nothing to say."""
    blob = hub_hash(path)
    return dict(_NO_HASH) if blob is None else {"blob": blob, **file_state(path)}


def _read(paths: dict[str, Path], what: str) -> tuple[dict[str, HashedFile], list[Fault]]:
    """The files with their hashes, and a fault for each that cannot be read."""
    read: dict[str, HashedFile] = {}
    faults: list[Fault] = []
    for name, path in paths.items():
        try:
            read[name] = read_cached(path)
        except OSError as error:
            faults.append(Fault(f"{what}, {name}", f"cannot be read ({error.strerror}); look at {path.resolve()}"))
    return read, faults


def _announce(what: str, size: int) -> None:
    if size >= LONG_BYTES:
        say(f"{what}: {size / 2**30:.1f} GiB in the hub's cache are compared with the hub's hashes")


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
