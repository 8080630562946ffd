"""Origin: what prepared data were made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchbench.core.repository import Repository


@dataclass(frozen=True)
class Origin:
    """Files and a repository with the content that they had when data were prepared from them."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Absolute path of a file or folder -> sha256 of its content."""
    repository: Repository | None = None
    """Of the hub, at a commit; none for local files and for worlds made from a seed."""

    @property
    def is_known(self) -> bool:
        """Whether there is anything that could change."""
        return bool(self.files) or self.repository is not None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        at = self.repository
        named = None if at is None else {"kind": at.kind, "name": at.name, "revision": at.revision}
        return {"files": dict(self.files), "repository": named}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Origin:
        """What `as_json` gave.

        Raises:
            KeyError, TypeError: other values.
        """
        repository = values["repository"]
        return cls(dict(values["files"]), None if repository is None else Repository(**repository))

    @classmethod
    def of(cls, identity: Mapping[str, str], files: Mapping[str, Path], repository: Repository | None) -> Origin:
        """Of what a source says of its data.

        Args:
            identity: name -> hash.
            files: name in `identity` -> the file or folder.
            repository: that the data are from; a local folder is among the files.
        """
        hashes = {str(path.absolute()): identity[name] for name, path in files.items()}
        return cls(hashes, repository if repository is not None and repository.folder is None else None)
