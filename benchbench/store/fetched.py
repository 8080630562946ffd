"""runs/fetched/: what every repository held when it was fetched, to notice when it holds something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.repository import Repository
from benchbench.store.files import read_json, write_json


@dataclass(frozen=True)
class Fetched:
    """What a repository holds; nothing in it says when or by whom it was fetched."""

    kind: str
    name: str
    revision: str | None
    files: Mapping[str, Mapping[str, Any]]
    """File -> `size`, `sha256`, and `verified_by`: the kind of the hub's hash it was compared with, or null."""
    examples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of a dataset: key of the prepared data -> split -> content hash of its normalised examples."""


@dataclass(frozen=True)
class Change:
    """Something that was recorded with another content hash than it has now; none where it was or is not there."""

    what: str
    before: str | None
    now: str | None


def record_path(root: Path, repository: Repository) -> Path:
    """Where the record is: `fetched/<kind>--<name>--<revision>.json`.

    A local folder goes by its own name and a short hash of where it is, since the recipe's word for it may be `./data`.
    """
    name = repository.name.replace("/", "--")
    if repository.folder is not None:
        folder = repository.folder.resolve()
        name = f"{folder.name}-{fingerprint(str(folder))[:8]}"
    return root / "fetched" / f"{repository.kind}--{name}--{repository.revision or 'none'}.json"


def read_fetched(root: Path, repository: Repository) -> Fetched | None:
    """The record of an earlier fetch, or none.

    Raises:
        BenchError: a record that was changed by hand into something else.
    """
    path = record_path(root, repository)
    try:
        return Fetched(**read_json(path)) if path.is_file() else None
    except (ValueError, TypeError) as error:
        raise BenchError(f"{path}: expected the record of a fetch ({error}); delete it and fetch again") from None


def changes(before: Fetched, now: Fetched) -> list[Change]:
    """What differs between two fetches.

    Of a pinned revision a fetch may bring a part only, so a file that is in one of the two is no change there.
    """
    old, new = _hashes(before), _hashes(now)
    names = sorted({*old} & {*new} if now.revision else {*old} | {*new})
    return [Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def write_fetched(root: Path, repository: Repository, now: Fetched) -> None:
    """Record a fetch in one step; what earlier ones brought of the same revision stays in the record."""
    before = read_fetched(root, repository)
    merged = asdict(now)
    if before is not None and repository.revision:
        merged |= {"files": {**before.files, **now.files}, "examples": {**before.examples, **now.examples}}
    write_json(record_path(root, repository), merged)


def _hashes(fetched: Fetched) -> dict[str, str]:
    """Everything that has a content hash, by a name that a message can use.

    Examples of a local folder follow from its files, and the key of prepared data from both.
    """
    hashes = {name: file["sha256"] for name, file in fetched.files.items()}
    if fetched.revision:
        for key, splits in fetched.examples.items():
            hashes |= {f"examples of split {split}, data/{key}": value for split, value in splits.items()}
    return hashes
