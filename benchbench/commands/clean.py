"""`bench clean`: what below `runs/` nothing in `results/` rests on, and no command that runs plans to read."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchbench import stages
from benchbench.commands.made_from import lock_of, round_models, with_inputs
from benchbench.core.errors import BenchError, ExitCode
from benchbench.store import damage
from benchbench.store.contents import note_dropped
from benchbench.store.drafts import is_draft, remove_at_once, stale_drafts
from benchbench.store.files import folders, require_file
from benchbench.store.lease_files import RESULT_LEASES
from benchbench.store.runs import RunStore
from benchbench.store.sessions import CLEANING, PLANNING, names_in, sessions

BESIDE = {"data": "prepared data", "tokenizer": "tokenizer", "tokens": "tokens", "merged": "merged model"}
"""Folder below `runs/` -> what each folder in it is; one that is named by what stays, or whose content is, stays."""
DRAFT, ASIDE, ROUND_MODEL = "draft", "set aside", "model of a round that is over"
_KEY = re.compile(r"[0-9a-f]{16}")
"""Name of a folder that a command made; any other is a person's own."""


@dataclass(frozen=True)
class Unused:
    """One thing that nothing rests on."""

    path: Path
    kind: str
    """What it is: a kind of stage, or `prepared data`, `tokenizer`, `tokens`, `merged model`, `draft`, `set aside`."""
    bytes: int
    key: str = ""
    """Of the lease under which it is removed; empty for what nobody else could want."""


@dataclass(frozen=True)
class Cleaning:
    """What may go, and what became of it."""

    runs: Path
    results: Sequence[Path]
    unused: Sequence[Unused]
    stays: Mapping[str, int]
    """Why something stays -> number of things."""
    removed: Sequence[Unused] = ()
    with_round_models: bool = False
    """Whether models of rounds that are over go, too."""

    @property
    def bytes(self) -> int:
        """Size of all that may go."""
        return sum(each.bytes for each in self.unused)

    @property
    def freed(self) -> int:
        """Size of all that went."""
        return sum(each.bytes for each in self.removed)

    def rows(self) -> list[dict[str, str]]:
        """A row for each thing that may go, the largest first."""
        ordered = sorted(self.unused, key=lambda each: (-each.bytes, str(each.path)))
        return [{"size": size(e.bytes), "what": e.kind, "path": str(e.path.relative_to(self.runs))} for e in ordered]

    def stay_lines(self) -> Iterator[str]:
        """Why the rest stays."""
        yield from (f"{number} stay: {why}" for why, number in self.stays.items() if number)

    def as_values(self) -> dict[str, Any]:
        """All of it for a program."""
        return {
            "runs": str(self.runs),
            "results": [str(folder) for folder in self.results],
            "unused": [_plain(each) for each in self.unused],
            "bytes": self.bytes,
            "stays": dict(self.stays),
            "removed": [_plain(each) for each in self.removed],
            "freed_bytes": self.freed,
        }


@dataclass(frozen=True)
class _Use:
    """What stays."""

    named: frozenset[str]
    """Stages that results name, and those that they were made from."""
    running: frozenset[str]
    """Stages that a process holds, and those that they were made from."""
    planned: frozenset[str]
    """Stages of commands that run, those that they name, and those that these were made from."""
    names: frozenset[str]
    """Every fingerprint and hash that one of these, or results, name."""
    locks: Mapping[str, str]
    """Key of every stage -> what it was told."""
    everything_beside: bool
    """Whether a command that still plans may read anything that stands beside the stages."""

    @property
    def stages(self) -> frozenset[str]:
        """All of them."""
        return self.named | self.running | self.planned


def unused(store: RunStore, results: Sequence[Path], *, with_round_models: bool = False) -> Cleaning:
    """What may be removed; nothing is changed.

    Args:
        store: of a `runs/` folder.
        results: every folder of results that was made from it.
        with_round_models: whether models of rounds that are over may go, though results rest on their stages.

    Raises:
        BenchError: exit code 5; one of the folders is not there, so that nobody knows what rests on what.
    """
    for folder, option in [(store.root, "--runs"), *((folder, "--results") for folder in results)]:
        if not folder.is_dir():
            raise BenchError(
                f"{folder}: expected a folder, found none; without it nobody knows what rests on what: name it with "
                f"{option}",
                exit_code=ExitCode.UNAVAILABLE,
            )
    keyed, copies = _folders(store.root, stages.kinds())
    keys = [_key(path) for path in keyed]
    use = _use(store, keys, results)
    beside, copies_beside = _folders(store.root, BESIDE)
    in_use = [p for p in beside if use.everything_beside or _is_named(p, use.names) or store.may_be_held(_key(p))]
    gone = [_unused(store.folder(key), _stage(store, key), key) for key in keys if key not in use.stages]
    gone += [_unused(path, BESIDE[path.parent.name], _key(path)) for path in beside if path not in in_use]
    gone += [_unused(path, ASIDE) for path in folders(store.root / damage.FOLDER)]
    gone += [_unused(path, ASIDE) for key in sorted(use.stages - use.running) for path in _aside(store.folder(key))]
    within = {each.path for each in gone}
    gone += [_unused(path, DRAFT) for path in stale_drafts(store.root) if not within.intersection(path.parents)]
    if with_round_models:
        models = round_models(store, use.locks, use.running | use.planned)
        gone += [_unused(path, ROUND_MODEL, key) for key, path in models.items() if key in use.stages]
    why = {
        "results name them, or were made from them": len(use.named),
        "a command that runs has planned or holds them": len((use.running | use.planned) - use.named),
        "data, tokenizers, tokens and merged models of these": len(in_use),
        "folders with names that no command gives": len(copies) + len(copies_beside),
    }
    return Cleaning(store.root, list(results), gone, why, with_round_models=with_round_models)


def _folders(root: Path, kinds: Iterable[str]) -> tuple[list[Path], list[Path]]:
    """The folders of some kinds below `runs/`: those that commands made, and those that a person named."""
    paths = [path for kind in kinds for path in folders(root / kind)]
    keyed = [path for path in paths if _KEY.fullmatch(path.name)]
    return keyed, [path for path in paths if path not in keyed]


def _use(store: RunStore, keys: Sequence[str], results: Sequence[Path]) -> _Use:
    locks = {key: lock_of(store.folder(key)) for key in keys}
    in_results = _names_in(results)
    named = with_inputs([key for key in keys if key.split("/")[1] in in_results], locks)
    running = with_inputs([key for key in keys if store.may_be_held(key)], locks)
    live = [each for each in sessions(store) if each.may_live]
    read = [key for key in keys if any(key in each.stages or key.split("/")[1] in each.names for each in live)]
    planned = with_inputs(read, locks)
    texts = "\n".join(locks[key] for key in named | running | planned)
    names = in_results.union(names_in(texts), *(each.names for each in live))
    return _Use(named, running, planned, names, locks, any(each.state == PLANNING for each in live))


def clean(store: RunStore, shown: Cleaning) -> Cleaning:
    """Remove what was shown and is still unused; what another process has taken up meanwhile stays."""
    removed: list[Unused] = []
    with store.claim(CLEANING):  # commands that begin now wait, and then plan with what is left
        again = unused(store, shown.results, with_round_models=shown.with_round_models)
        still = {each.path for each in again.unused}
        for each in shown.unused:
            if each.path in still and _remove(store, each):
                removed.append(each)
        for session in sessions(store):
            if not session.may_live and not any(store.folder(key).exists() for key in session.stages):
                session.path.unlink(missing_ok=True)
    return replace(shown, removed=removed)


def size(count: int) -> str:
    """A number of bytes for a reader."""
    units = [(unit, count / 1024**power) for power, unit in enumerate(("bytes", "KiB", "MiB", "GiB"))]
    unit, number = next((each for each in units if each[1] < 1024), units[-1])
    return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"


def _remove(store: RunStore, thing: Unused) -> bool:
    """Whether it went: in one step out of its place, so that nobody finds half of it."""
    if not thing.key:
        return _rid(thing.path)
    with store.claim(thing.key, should_stop=lambda: True) as is_ours:
        if not is_ours or not thing.path.exists():
            return False
        if thing.kind == ROUND_MODEL:
            note_dropped(thing.path.parent)
        return remove_at_once(thing.path)


def _rid(path: Path) -> bool:
    """Whether all of it went, since only then its bytes are free."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
    return not os.path.lexists(path)


def _names_in(results: Sequence[Path]) -> frozenset[str]:
    """What any file of results names, in whatever form: a damaged record must not cost what it names."""
    names: set[str] = set()
    for path in (path for folder in results for path in _files(folder)):
        with suppress(FileNotFoundError):  # a command has replaced it meanwhile
            if path.is_file():
                names |= names_in(path.read_text(encoding="utf-8", errors="replace"))
    return frozenset(names)


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder but drafts and leases; what goes meanwhile is none."""

    def unless_gone(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for place, inner, names in os.walk(folder, onerror=unless_gone):
        inner[:] = [name for name in inner if name != RESULT_LEASES and not is_draft(Path(name))]
        yield from (Path(place, name) for name in names if not is_draft(Path(name)))


def _stage(store: RunStore, key: str) -> str:
    """Kind of a stage, and how it ended where it did not finish."""
    record, kind = store.record(key), key.split("/")[0]
    if record is not None and record.status == "done":
        return kind
    return f"{kind}, {'unfinished' if record is None or record.status == 'running' else record.status}"


def _is_named(path: Path, names: Collection[str]) -> bool:
    """Whether something is named, by its folder or, as tokens are, by the data and the tokenizer that it is of."""
    if path.parent.name != "tokens":
        return path.name in names
    try:
        require_file(path / "index.json")
        index = (path / "index.json").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    made_of = names_in(index.partition('"files"')[0]) - {path.name}
    return len(made_of & set(names)) > 1


def _aside(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"*{damage.SUFFIX}*"))


def _key(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _unused(path: Path, kind: str, key: str = "") -> Unused:
    is_folder = path.is_dir() and not path.is_symlink()
    places = [Path(place, name) for place, _, names in os.walk(path) for name in names] if is_folder else [path]
    count = 0
    for place in places:
        with suppress(OSError):  # it went meanwhile
            count += place.lstat().st_size
    return Unused(path, kind, count, key)


def _plain(thing: Unused) -> dict[str, Any]:
    return {name: str(value) if name == "path" else value for name, value in asdict(thing).items() if name != "key"}
