"""runs/<stage>/<fingerprint>/: one folder per stage, finished or not."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.json_text import parse_json
from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.checksums import is_as_stamped, stamped
from benchbench.store.contents import ADDED, added_files, content_faults, contents, dropped_line
from benchbench.store.damage import beside, in_damaged, say, say_damage, set_aside
from benchbench.store.files import folders, json_or_none, sync_tree, write_json, write_yaml
from benchbench.store.lease_files import LEASES, Holder, holder_of, may_be_held
from benchbench.store.leases import check, hold, is_lost
from benchbench.store.locks import LOCK, read_lock

CHECKPOINT = "checkpoint"
"""Folder of a stage's own folder that holds what an interrupted training goes on from."""


PROGRESS = "progress.json"
"""File of a stage's folder that says how far it is, while it is not finished."""


def default_root() -> Path:
    """`runs/` under BENCH_HOME, or here."""
    return Path(os.environ.get("BENCH_HOME", ".")) / "runs"


def default_results() -> Path:
    """`results/` under BENCH_HOME, or here."""
    return Path(os.environ.get("BENCH_HOME", ".")) / "results"


_FINGERPRINT = re.compile(r"/[0-9a-f]{16}$")
"""How the key of a planned stage ends."""
_BEFORE_CHECKSUMS = {field.name for field in fields(StageRecord)} - {"files"}
"""What a record of a version without checksums says; any other name in it is a damaged one."""


class RunStore:
    """The folders below one `runs/`.

    A stage is finished when its status.json says `done`; that file is written last. Everything in a folder
    without it is either a resumable checkpoint or a leftover that the next attempt replaces.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: str) -> Path:
        """Folder of "kind/fingerprint"."""
        return self.root / key

    def record(self, key: str) -> StageRecord | None:
        """What is known of a stage; none if it never started, or its record is damaged, and it runs anew."""
        values = json_or_none(self._status(key))
        if not isinstance(values, dict) or not is_as_stamped(values, without=_BEFORE_CHECKSUMS):
            return None
        known = {field.name for field in fields(StageRecord)}
        try:
            return StageRecord(**{name: value for name, value in values.items() if name in known})
        except (TypeError, ValueError):
            return None

    def damaged_record(self, key: str) -> Path | None:
        """The file that should hold a stage's record and cannot be read; none where all is well."""
        path = self._status(key)
        return path if path.exists() and self.record(key) is None else None

    def _status(self, key: str) -> Path:
        return self.folder(key) / "status.json"

    def is_done(self, key: str) -> bool:
        """Whether the stage is finished and its result may be read."""
        record = self.record(key)
        return record is not None and record.status == "done"

    def begin(self, spec: StageSpec, environment: Mapping[str, Any], *, resumes: bool = False) -> StageRecord:
        """Write the lock and environment files, and the status `running`.

        Args:
            spec: the stage.
            environment: of this attempt.
            resumes: whether it goes on from a checkpoint of the attempts before, whose environments are kept then.
        """
        folder = self.folder(spec.key)
        folder.mkdir(parents=True, exist_ok=True)
        before = self.record(spec.key)
        write_yaml(folder / LOCK, spec.as_json())
        write_json(folder / "env.json", dict(environment))
        record = StageRecord(spec.key, "running", environment)
        if before is not None:
            record = replace(record, seconds=before.seconds, attempts=before.attempts + 1)
        if before is not None and resumes:
            record = replace(record, resumed_environments=[*before.resumed_environments, before.environment])
        return self.write(record)

    def write(self, record: StageRecord) -> StageRecord:
        """Put a record on disk, with a checksum of what it says."""
        write_json(self._status(record.key), stamped(asdict(record)))
        return record

    def seal(self, key: str) -> dict[str, dict[str, Any]]:
        """Bring all that a stage left to the disk; returns size and content hash of each file, for its record."""
        sync_tree(self.folder(key))
        return contents(self.folder(key))

    def faults(self, key: str, *, model_too: bool = True, thorough: bool = False) -> list[str]:
        """What of a finished stage is not as it was written, one line per file with both hashes; empty where all is.

        Args:
            key: of the stage; nothing is said of one that is not finished, or that a version without hashes finished.
            model_too: whether it is a fault that its model's folder was removed as a whole.
            thorough: whether large files are read even where the file system says that they did not change.
        """
        record = self.record(key)
        if record is None or record.status != "done":
            return []
        if record.key != key and _FINGERPRINT.search(key):  # a copy that somebody made has a name of its own
            return [f"status.json: expected the record of {key}, found that of {record.key}"]
        if not record.files:
            return []
        root = None if thorough else self.root
        dropped = dropped_line(self.folder(key)) if model_too else ""
        faults = content_faults(self.folder(key), record.files, root, model_too=model_too and not dropped)
        return [*faults, *([dropped] if dropped else [])]

    def sound_folder(self, key: str, *, model_too: bool = False) -> Path:
        """The folder of a stage whose result is read, once every file in it was found to be as it was written.

        Args:
            key: of the stage.
            model_too: whether its model is read, and has to be there.

        Raises:
            BenchError: exit code 5; its record cannot be read, or a file is another one: which, and both hashes.
        """
        if (damaged := self.damaged_record(key)) is not None:
            faults = [f"{damaged.name}: expected the record of a stage, found a damaged file"]
        else:
            faults = self.faults(key, model_too=model_too)
        if faults:
            raise BenchError(
                "\n  ".join([f"{self.folder(key)}: expected the stage as it was finished, found changes", *faults])
                + "\nrun the command again that made it: what is damaged is set aside, and made again",
                exit_code=ExitCode.UNAVAILABLE,
            )
        return self.folder(key)

    def set_damaged_aside(self, stages: Mapping[str, StageSpec]) -> None:
        """Move away the finished stages some file of which is not as it was written, and say so; they run again then.

        A file that was only added to a model is moved away alone. What another process holds is left to it.

        Args:
            stages: by key, those that are looked at; a model's folder that was removed counts where one that is to run
                reads it.
        """
        while True:
            to_run = [spec for key, spec in stages.items() if not self.is_done(key)]
            read = {key for spec in to_run for key in spec.inputs.values()}
            damaged = [k for k in stages if self.holder(k) is None and self.faults(k, model_too=k in read)]
            for key in damaged:
                self._set_aside(key, model_too=key in read)
            if not damaged:
                return

    def _set_aside(self, key: str, *, model_too: bool) -> None:
        with self.claim(key, should_stop=lambda: True) as is_ours:
            if not is_ours:
                return
            self._set_added_aside(key)
            if faults := self.faults(key, model_too=model_too):  # else another process has set it aside meanwhile
                place = set_aside(self.folder(key), in_damaged(self.root, self.folder(key)))
                say_damage(f"{self.folder(key)}: {'; '.join(faults)}; it is set aside as {place} and made again")

    def _set_added_aside(self, key: str) -> None:
        """Move the files away that somebody put beside the weights of a finished stage, and say so; the stage stays."""
        folder, record = self.folder(key), self.record(key)
        if record is None or record.status != "done" or not record.files or record.key != key:
            return
        for name in added_files(folder, record.files):
            place = set_aside(folder / name, beside(folder / name))
            say_damage(f"{folder / name}: {ADDED}; it is set aside as {place.name}, and the stage stays")

    def remove_checkpoint(self, key: str) -> None:
        """Drop what a training could be resumed from, and how far it was; a finished one needs them no more."""
        check(self.folder(key))
        shutil.rmtree(self.folder(key) / CHECKPOINT, ignore_errors=True)
        (self.folder(key) / PROGRESS).unlink(missing_ok=True)

    def note_progress(self, key: str, *, step: int, steps: int) -> None:
        """Keep how far a running stage is, for who looks from outside."""
        write_json(self.folder(key) / PROGRESS, {"step": step, "steps": steps}, durable=False)

    def logged_losses(self, key: str) -> list[float]:
        """The logged training losses of a finished stage; none for a stage that trains nothing."""
        return [line["loss"] for line in self.logged(key)]

    def logged(self, key: str) -> list[dict[str, Any]]:
        """Every logged step of a finished stage: quantity -> value; none for a stage that trains nothing."""
        path = self.sound_folder(key) / "train.jsonl"
        if not path.is_file():
            return []
        try:
            return [parse_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
        except ValueError as error:
            raise BenchError(
                f"{path}: expected a JSON value in each line, found {error}; remove the folder and run the command "
                "again that made it",
                exit_code=ExitCode.UNAVAILABLE,
            ) from None

    @contextmanager
    def claim(
        self, key: str, should_stop: Callable[[], bool] = lambda: False, waiting: Callable[[str], None] = say
    ) -> Iterator[bool]:
        """Hold a stage for this process; another one that wants the same stage waits.

        Args:
            key: of the stage.
            should_stop: looked at while another process holds the stage; by default it is waited for.
            waiting: told once, in a line, for which process it waits.

        Yields:
            Whether the stage is ours; not where it was to stop, and then the record is the other process's.
        """
        with hold(self._lease(key), guards=self.folder(key), should_stop=should_stop, waiting=waiting) as is_ours:
            yield is_ours

    def holder(self, key: str) -> Holder | None:
        """Who holds a stage now; none where nobody does, or a process that is dead."""
        return holder_of(self._lease(key))

    def may_be_held(self, key: str) -> bool:
        """Whether a process may hold a stage: one that is stopped, or on another machine, may come back."""
        return may_be_held(self._lease(key))

    def has_lost(self, key: str) -> bool:
        """Whether another process took over a stage that this one holds."""
        return is_lost(self._lease(key))

    def _lease(self, key: str) -> Path:
        return self.root / LEASES / key.replace("/", "-")

    def records(self, kind: str) -> list[StageRecord]:
        """All records of one kind of stage, in folder order."""
        records = (self.record(f"{kind}/{path.name}") for path in folders(self.root / kind))
        return [record for record in records if record is not None]


def finished_stage(folder: Path) -> StageSpec:
    """What the finished stage in a folder is, whose files are all as they were written.

    Raises:
        BenchError: exit code 5; no stage has finished there, or its files are others.
    """
    try:
        place = folder.resolve()
        store, key = RunStore(place.parent.parent), f"{place.parent.name}/{place.name}"
        if store.is_done(key):
            return StageSpec.from_json(read_lock(store.sound_folder(key) / LOCK))
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise BenchError(f"{folder}: expected the folder of a finished stage, found none", exit_code=ExitCode.UNAVAILABLE)
