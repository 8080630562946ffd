"""`bench verify`: what below `runs/` and `results/` is not as it was written, and what rests on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchbench import stages
from benchbench.commands.named_files import may_name_files, named_files
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.origin import Origin
from benchbench.core.repository import Repository
from benchbench.data.files import content_hash
from benchbench.data.hub_verified import verified_again
from benchbench.plan.trained_tokenizers import RECORD, tokenizer_fault
from benchbench.store.comparison_folders import damage
from benchbench.store.files import folders, read_text
from benchbench.store.locks import LOCK, lock_values
from benchbench.store.manifest import MANIFEST, manifest_faults
from benchbench.store.prepared import prepared_faults, read_prepared
from benchbench.store.results import ResultStore
from benchbench.store.runs import RunStore
from benchbench.store.seals import seal_faults
from benchbench.store.tokens import token_fault
from benchbench.store.verdict_cache import damaged_answers


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was written."""

    path: str
    faults: Sequence[str]
    """A line per file."""
    rests_on_it: Sequence[str] = ()
    """Stages and cells that were made from it, whether or not they were made before the damage."""


@dataclass(frozen=True)
class Verified:
    """What was read, and what of it is damaged."""

    looked_at: Mapping[str, int]
    """What -> how many there are."""
    damages: Sequence[Damage]
    unverified: Sequence[str] = field(default_factory=list)
    """Keys of finished stages of versions that wrote no hashes."""

    def lines(self) -> Iterator[str]:
        """For a reader: each damage with what rests on it, then how many things were read."""
        for each in self.damages:
            yield f"damaged: {each.path}"
            yield from (f"  {fault}" for fault in each.faults)
            yield from (f"  rests on it: {name}" for name in each.rests_on_it)
        if self.unverified:
            yield f"{len(self.unverified)} finished stages were written by a version without hashes: not verified"
        counted = ", ".join(f"{number} {what}" for what, number in self.looked_at.items())
        yield f"{counted}: {len(self.damages) or 'none'} damaged"

    def as_values(self) -> dict[str, Any]:
        """All of it for a program."""
        return asdict(self)


@dataclass(frozen=True)
class _Stages:
    """The stages of a `runs/` folder."""

    store: RunStore
    keys: Sequence[str]

    def locks(self, wanted: Callable[[str], bool] = lambda text: True) -> dict[str, Mapping[str, Any]]:
        """Key -> what its lock file says; nothing of one that cannot be read, or whose text is not wanted."""
        read: dict[str, Mapping[str, Any]] = {}
        for key in self.keys:
            try:
                if wanted(text := read_text(self.store.folder(key) / LOCK)):
                    read[key] = lock_values(text)
            except (OSError, ValueError):
                continue
        return read

    def damages(self) -> dict[str, list[str]]:
        """Key -> what is wrong, of the stages that are not as they were written."""
        wrong = {key: self._faults(key) for key in self.keys}
        return {key: faults for key, faults in wrong.items() if faults}

    def unverified(self) -> list[str]:
        """Finished stages without hashes."""
        records = {key: self.store.record(key) for key in self.keys}
        return [key for key, r in records.items() if r is not None and r.status == "done" and not r.files]

    def _faults(self, key: str) -> list[str]:
        if (path := self.store.damaged_record(key)) is not None:
            return [f"{path.name}: expected the record of a stage, found a damaged file"]
        return self.store.faults(key, model_too=False, thorough=True)


def verify(runs: Path, results: Path) -> Verified:
    """Read every file below both folders that has a hash, and compare; nothing is changed.

    Args:
        runs: a `runs/` folder, there or not.
        results: a `results/` folder, there or not.

    Raises:
        BenchError: exit code 5; neither folder is there.
    """
    if not runs.is_dir() and not results.is_dir():
        text = f"{runs}, {results}: expected one of these folders, found neither; name them with --runs and --results"
        raise BenchError(text, exit_code=ExitCode.UNAVAILABLE)
    keys = [f"{kind}/{path.name}" for kind in stages.kinds() for path in folders(runs / kind)]
    every = _Stages(RunStore(runs), keys)
    of_stages, beside, tables = every.damages(), list(_beside_stages(runs)), list(_results(results))
    cached, datasets = list(_cached(runs)), list(_datasets(runs))
    named = list(named_files(every.locks(lambda text: may_name_files(text, runs)), runs))
    read = [*((path, faults, []) for path, faults in beside), *cached, *datasets]
    is_damaged = of_stages or any(faults for _, faults, _ in read) or any(each.faults for each in named)
    locks = every.locks() if is_damaged else {}
    cells = _cells(results)
    damages = [_of_stage(every.store, key, faults, locks, cells) for key, faults in of_stages.items()]
    damages += [Damage(str(p), faults, _readers(p, data, locks, cells)) for p, faults, data in read if faults]
    damages += [Damage(n.path, n.faults, _resting(n.readers, locks, cells)) for n in named if n.faults]
    damages += [Damage(str(path), faults) for path, faults in tables if faults]
    counts = {"stages": len(keys), "other things below runs": len(beside), "folders of results": len(tables)}
    counts |= {"files of datasets": len(datasets)} if datasets else {}
    counts |= {"files and folders that recipes name": len(named)} if named else {}
    counts |= {"revisions in the hub's cache": len(cached)} if cached else {}
    return Verified(counts, damages, every.unverified())


def _of_stage(
    store: RunStore, key: str, faults: Sequence[str], locks: Mapping[str, Mapping[str, Any]], cells: Mapping[str, Any]
) -> Damage:
    return Damage(str(store.folder(key)), faults, _resting([key], locks, cells)[1:])


def _readers(
    path: Path, data: Sequence[str], locks: Mapping[str, Mapping[str, Any]], cells: Mapping[str, Any]
) -> list[str]:
    """Prepared data, stages and cells that rest on data, a tokenizer or a model, by the name of its folder.

    Args:
        path: what is damaged.
        data: keys of the prepared data that were made from it.
        locks: of the stages.
        cells: of the results.
    """
    names = {*data} if data else {path.name}
    read = {key: " ".join(_texts(lock.get("run"))) for key, lock in locks.items()}
    direct = [key for key, texts in read.items() if any(name in texts for name in names)]
    return [f"data/{key}" for key in data] + _resting(direct, locks, cells)


def _texts(values: Any) -> list[str]:
    return [str(value) for value in values.values()] if isinstance(values, dict) else []


def _resting(start: Sequence[str], locks: Mapping[str, Mapping[str, Any]], cells: Mapping[str, Any]) -> list[str]:
    """These stages, all that read them, directly or not, and the cells that have one of these."""
    reached = list(start)
    for key in reached:  # grows while it is read
        direct = [other for other, lock in locks.items() if key in _texts(lock.get("inputs"))]
        reached += [other for other in direct if other not in reached]
    return reached + [name for name, used in cells.items() if used & {*reached}]


def _beside_stages(runs: Path) -> Iterator[tuple[Path, list[str]]]:
    """Prepared data, tokenizers, token ids, merged weights and judges' answers, each with what is wrong with it."""
    for folder in folders(runs / "data"):
        yield folder, prepared_faults(folder)
    for folder in folders(runs / "tokenizer"):
        yield folder, [fault] if (fault := tokenizer_fault(folder / RECORD)) else []
    for folder in folders(runs / "tokens"):
        yield folder, [f"found {fault}"] if (fault := token_fault(folder)) else []
    for folder in folders(runs / "merged"):
        yield folder, seal_faults(folder, None)
    for path in sorted((runs / "verdicts").glob("*.sqlite")):
        try:
            keys = damaged_answers(path)
            yield path, [f"{len(keys)} answers are not as they were kept: {', '.join(keys[:3])}"] if keys else []
        except BenchError as error:
            yield path, [str(error)]


def _cached(runs: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Folders of the hub's cache of which these runs read something, what is wrong with each, data made from it."""
    by_repository: dict[Repository | None, list[str]] = {}
    for key, origin in _origins(runs):
        by_repository.setdefault(origin.repository, []).append(key)
    for verified, faults in verified_again(runs):
        yield Path(verified.folder), faults, by_repository.get(verified.repository, [])


def _datasets(runs: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Files and folders from which data were prepared, what is wrong with each, and keys of these data.

    What is gone says nothing of the data that are here. A file that changed and from which data were prepared again is
    what these were made from.
    """
    by_path: dict[str, dict[str, list[str]]] = {}
    for key, origin in _origins(runs):
        for path, digest in origin.files.items():
            by_path.setdefault(path, {}).setdefault(digest, []).append(key)
    for path, keys in by_path.items():
        if os.path.exists(path):
            yield Path(path), _dataset_faults(Path(path), keys), [key for those in keys.values() for key in those]


def _dataset_faults(path: Path, keys: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with a dataset from whose contents, by hash, data of these keys were made."""
    try:
        present = content_hash(path)
    except BenchError as error:
        return [str(error)]
    expected = " or ".join(digest[:12] for digest in keys)
    return [] if present in keys else [f"expected the content {expected}, found {present[:12]}; bring it back"]


def _origins(runs: Path) -> Iterator[tuple[str, Origin]]:
    """Key and origin of all prepared data that can be read."""
    for folder in folders(runs / "data"):
        if (data := read_prepared(runs, folder.name)) is not None:
            yield folder.name, data.origin


def _results(results: Path) -> Iterator[tuple[Path, list[str]]]:
    """Settings, their comparisons, and references, each with what is wrong with it."""
    for folder in folders(results):
        store = ResultStore(results, folder.name)
        if store.is_written or (folder / "comparisons").is_dir():
            yield folder, store.faults()
        for comparison in folders(folder / "comparisons"):
            if not comparison.is_symlink():
                faults = [f"{name}: expected the file as it was written, found another" for name in damage(comparison)]
                yield comparison, faults
        for inner in folders(folder):
            if (inner / MANIFEST).is_file():
                yield inner, manifest_faults(inner)


def _cells(results: Path) -> dict[str, set[str]]:
    """A cell in words -> keys of its stages, of every cell that can be read."""
    cells: dict[str, set[str]] = {}
    for folder in folders(results):
        try:
            records = ResultStore(results, folder.name).cells()
        except ValueError:
            continue
        for record in records:
            name = f"cell {record.get('label')} seed {record.get('seed')} of {folder.name}"
            cells[name] = {str(key) for key in record.get("stages", {}).values()}
    return cells
