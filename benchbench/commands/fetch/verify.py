"""What a fetch found in the repositories of its recipes: verified, compared with earlier fetches, recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.repository import Repository
from benchbench.data.hub_cache import HashedFile, damage, damaged
from benchbench.data.serial import content_hash, from_json
from benchbench.plan.prepared import Prepared
from benchbench.plan.repositories import held_files
from benchbench.store.fetched import Change, Fetched, changes, read_fetched, record_path, write_fetched
from benchbench.store.prepared import PreparedData


@dataclass
class Holding:
    """What a repository holds on this machine."""

    files: Mapping[str, HashedFile]
    examples: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Key of the prepared data -> split -> content hash."""


def verify_files(repositories: Iterable[Repository], console: Console) -> dict[Repository, Holding]:
    """Read and verify every file of the repositories that is on this machine.

    Raises:
        BenchError: exit code 5, every file that is not what the hub says it is.
    """
    holding: dict[Repository, Holding] = {}
    faults: list[Fault] = []
    for repository in dict.fromkeys(repositories):
        with console.status(f"verifying {repository}"):
            holding[repository] = Holding(held_files(repository))
        faults += damage(str(repository), holding[repository].files)
    if faults:
        raise damaged(faults)
    return holding


def verify_contents(
    items: Iterable[tuple[Mapping[str, Repository], Prepared]], console: Console
) -> dict[Repository, Holding]:
    """Everything that the recipes read, verified: files by the hub's hashes, normalised examples by their own.

    Raises:
        BenchError: as `verify_files`; or prepared examples that are not those that were prepared.
    """
    items = list(items)
    holdings = verify_files((each for parts, _ in items for each in parts.values()), console)
    checked: set[str] = set()
    for parts, prepared in items:
        if prepared.data_key not in checked:
            with console.status("verifying the normalised examples"):
                _verify_examples(prepared.data)
            checked.add(prepared.data_key)
        if "data" in parts:
            holdings[parts["data"]].examples[prepared.data_key] = dict(prepared.data.hashes)
    return holdings


def _verify_examples(data: PreparedData) -> None:
    for split, expected in data.hashes.items():
        try:
            now = content_hash({split: [from_json(line) for line in data.lines(split)]})
        except (BenchError, OSError, ValueError, KeyError, TypeError) as error:
            now = f"none that can be read ({type(error).__name__})"
        if now != expected:
            raise BenchError(
                f"{data.folder / split}.jsonl: expected examples with the content hash {expected}, found {now}; "
                f"delete {data.folder} and run `bench fetch RECIPE` again",
                exit_code=ExitCode.UNAVAILABLE,
            )


def verified_by(part: str, holding: Holding | None) -> str | None:
    """What a part was verified by, in words; none for a part that was made here from the recipe alone."""
    said = []
    if holding is not None:
        named = [file for file in holding.files.values() if file.kind is not None]
        bare = len(holding.files) - len(named)
        if named:
            said.append(f"{_files(len(named))} by the hub's hashes")
        if bare:
            said.append(f"{_files(bare)} hashed, the hub's hash is not known")
        if not holding.files:
            said.append("no source file is in the hub's cache")
    if part.startswith("data"):
        if holding is not None:
            said.append("arrow tables have no published hash")
        said.append("examples by their content hash")
    return "; ".join(said) or None


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def record(root: Path, holdings: Mapping[Repository, Holding]) -> dict[Repository, str]:
    """Write what was fetched below `runs/fetched/`, and say of each repository how it compares with its last record.

    Raises:
        BenchError: exit code 5, a pinned revision that holds something else than it did; nothing is written then.
    """
    records = {repository: _record(repository, holding) for repository, holding in holdings.items()}
    changed: dict[Repository, list[Change] | None] = {}
    for repository, now in records.items():
        before = read_fetched(root, repository)
        changed[repository] = None if before is None else changes(before, now)
    pinned = [(each, change) for each, those in changed.items() if each.revision for change in those or ()]
    if pinned:
        faults = [_contradiction(root, repository, change) for repository, change in pinned]
        subject = "the content of a pinned revision never changes"
        raise BenchError.of_faults(subject, faults, exit_code=ExitCode.UNAVAILABLE)
    for repository, now in records.items():
        write_fetched(root, repository, now)
    return {repository: _became(those) for repository, those in changed.items()}


def _became(changed: Sequence[Change] | None) -> str:
    if changed is None:
        return "new"
    names = ", ".join(change.what for change in changed)
    return f"changed since the last fetch: {names}" if names else "as before"


def _record(repository: Repository, holding: Holding) -> Fetched:
    files = {
        name: {"size": file.size, "sha256": file.sha256, "verified_by": file.kind}
        for name, file in holding.files.items()
    }
    return Fetched(repository.kind, repository.name, repository.revision, files, holding.examples)


def _contradiction(root: Path, repository: Repository, change: Change) -> Fault:
    return Fault(
        f"{repository}, {change.what}",
        f"recorded {change.before}, found {change.now}; if the record {record_path(root, repository)} is right, "
        "delete this revision from the hub's cache and fetch again, else delete the record",
    )
