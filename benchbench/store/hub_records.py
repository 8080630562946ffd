"""runs/hashes/hub/: files of the hub's cache that fitted the hub's hashes, and what the file system said of them then.

As long as size, times and inode of a file are the same, nobody reads it again. The folder may be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchbench.core.repository import Kind, Repository
from benchbench.store.checksums import CHECKSUM, is_as_stamped, stamped
from benchbench.store.files import json_or_none, write_json


@dataclass(frozen=True)
class VerifiedRevision:
    """What was verified of one revision of a repository."""

    kind: Kind
    name: str
    revision: str
    folder: str
    """Of the revision in the hub's cache, absolute."""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Name in the folder -> `blob`, the hub's hash that the content fitted, with size, times and inode at that time;
    a file that the hub names by no hash has null there, and nothing else: it cannot be verified."""

    @property
    def repository(self) -> Repository:
        """Whose revision it is."""
        return Repository(self.kind, self.name, self.revision)


def read_verified(root: Path, repository: Repository, folder: Path) -> VerifiedRevision:
    """What was verified of a revision in this folder; nothing where there is no record, or a damaged one.

    Args:
        root: the `runs/` folder.
        repository: of the hub, at a commit.
        folder: of the revision in the hub's cache.
    """
    assert repository.revision is not None
    read = _read(_path(root, repository))
    if read is not None and (read.repository, read.folder) == (repository, str(folder)):
        return read
    return VerifiedRevision(repository.kind, repository.name, repository.revision, str(folder))


def write_verified(root: Path, verified: VerifiedRevision) -> None:
    """Record what was verified; where nobody may write, it is verified again next time."""
    with suppress(OSError):
        write_json(_path(root, verified.repository), stamped(asdict(verified)), durable=False)


def all_verified(root: Path) -> Iterator[VerifiedRevision]:
    """Every revision of which anything was verified, by the names of the records; damaged records are left out."""
    for path in sorted((root / "hashes" / "hub").glob("*.json")):
        if (read := _read(path)) is not None:
            yield read


def _path(root: Path, repository: Repository) -> Path:
    name = repository.name.replace("/", "--")
    return root / "hashes" / "hub" / f"{repository.kind}--{name}--{repository.revision}.json"


def _read(path: Path) -> VerifiedRevision | None:
    values = json_or_none(path)
    if not is_as_stamped(values, without=()):
        return None
    try:
        return VerifiedRevision(**{name: value for name, value in values.items() if name != CHECKSUM})
    except TypeError:
        return None
