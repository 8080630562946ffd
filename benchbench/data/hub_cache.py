"""Files of the hub's cache: where they are, and whether they are what the hub says they are.

The cache keeps a file under the hub's own name for its content: sha256 for a large file, git's hash of a blob for
any other. So a file that was damaged or cut short on this machine no longer fits its name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.repository import Kind

_KINDS = {40: "git", 64: "sha256"}
_BLOCK = 1 << 20
FETCH = "run `bench fetch RECIPE` again"
"""What brings a file of a recipe again."""
AGAIN = "give the command again, online"
"""What brings a file again that `bench fetch` does not bring."""


@dataclass(frozen=True)
class HashedFile:
    """One file, as it was read."""

    path: Path
    """Where its bytes are, behind all links."""
    size: int
    sha256: str
    kind: str | None
    """By which hash the hub names it: `sha256` or `git`; none where the hub names it by no hash."""
    expected: str | None
    """That hash."""
    content: str | None
    """The same kind of hash of what is here."""


def snapshot_folder(kind: Kind, name: str, revision: str) -> Path:
    """The folder that the cache keeps for one revision of a repository; it need not be there."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    repository = repo_folder_name(repo_id=name, repo_type=kind)
    return Path(constants.HF_HUB_CACHE).expanduser() / repository / "snapshots" / revision


def is_in_cache(path: Path) -> bool:
    """Whether a path is one that the cache has files at; what it links to may be elsewhere."""
    from huggingface_hub import constants

    return path.is_relative_to(Path(constants.HF_HUB_CACHE).expanduser())


def hub_hash(path: Path) -> str | None:
    """The hash that the hub names a cached file by: 64 digits of sha256, or 40 of git; none for any other file.

    Only the first link is followed: several repositories may share one file, which then has a name of another kind.
    """
    name = path.readlink().name if path.is_symlink() else ""
    return name if len(name) in _KINDS and re.fullmatch("[0-9a-f]+", name) else None


def held_paths(folder: Path, patterns: Iterable[str] = ("**/*",)) -> dict[str, Path]:
    """Every file of a folder by its name in there; a link whose file was deleted is none."""
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}


def read_files(folder: Path, patterns: Iterable[str] = ("**/*",)) -> dict[str, HashedFile]:
    """Every file of a folder by its name in there; each is read once per process while it does not change."""
    return {name: read_cached(path) for name, path in held_paths(folder, patterns).items()}


def damage(what: str, files: Mapping[str, HashedFile], mend: str = FETCH) -> list[Fault]:
    """One fault for each file that is not what the hub says it is.

    Args:
        what: the repository, for the message.
        files: by name.
        mend: what brings a file again that was deleted.
    """
    return [
        Fault(
            f"{what}, {name}",
            f"expected {file.kind} {file.expected}, found {file.content} ({file.size} bytes); "
            f"delete {file.path} and {mend}",
        )
        for name, file in files.items()
        if file.content != file.expected
    ]


def require_sound(what: str, folder: Path, patterns: Iterable[str] = ("**/*",), mend: str = FETCH) -> None:
    """Return only if the files of a cached revision are what the hub says they are.

    Raises:
        BenchError: exit code 5, all files that are not in one message.
    """
    faults = damage(what, read_files(folder, patterns), mend)
    if faults:
        raise damaged(faults)


def damaged(faults: Sequence[Fault]) -> BenchError:
    """The error for cached files that are not what the hub says they are."""
    if len(faults) == 1:
        return BenchError(str(faults[0]), exit_code=ExitCode.UNAVAILABLE)
    return BenchError.of_faults("damaged files in the hub's cache", faults, exit_code=ExitCode.UNAVAILABLE)


def forget_readings() -> None:
    """Read every file again that is asked for from now on, whatever the file system says of it."""
    _digests.cache_clear()


def read_cached(path: Path) -> HashedFile:
    """Size and hashes of one file; it is read once per process while it does not change."""
    expected = hub_hash(path)
    kind = None if expected is None else _KINDS[len(expected)]
    real = path.resolve()
    stat = real.stat()
    changed = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    sha256, git = _digests(real, stat.st_size, changed, kind == "git")
    return HashedFile(real, stat.st_size, sha256, kind, expected, {"sha256": sha256, "git": git}.get(str(kind)))


@lru_cache(maxsize=4096)
def _digests(path: Path, size: int, changed: tuple[int, ...], git: bool) -> tuple[str, str | None]:
    """Both hashes from one reading; `changed` makes another file of one that was written since."""
    sha256 = hashlib.sha256()
    blob = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            sha256.update(block)
            if git:
                blob.update(block)
    return sha256.hexdigest(), blob.hexdigest() if git else None
