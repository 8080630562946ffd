"""What one stage left in its folder: lock, record and log, finished or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.json_text import parse_json
from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.files import folders
from benchbench.store.locks import LOCK, read_lock
from benchbench.store.runs import RunStore

LOG = "train.jsonl"


@dataclass(frozen=True)
class StageFiles:
    """A stage as its folder has it."""

    folder: Path
    spec: StageSpec
    """With its settings as plain values."""
    record: StageRecord | None
    """None where it cannot be read."""
    log: Sequence[Mapping[str, Any]]
    """The whole lines of its training's log, in order; none for a stage that trains nothing."""

    @property
    def key(self) -> str:
        """Kind and name of the folder."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def store(self) -> RunStore:
        """The `runs/` that the folder lies in."""
        return RunStore(self.folder.parent.parent)


def read_stage(folder: Path) -> StageFiles:
    """What a stage left in its folder.

    Raises:
        BenchError: exit code 5; the folder has no lock file that can be read, or files that are not as a finished stage
            left them.
    """
    try:
        spec = StageSpec.from_json(read_lock(folder / LOCK))
    except (OSError, ValueError, TypeError):
        raise BenchError(
            f"{folder}: expected the folder of a stage, found no {LOCK} in it that can be read; `bench status --all` "
            "lists the stages of a run folder",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None
    folder = folder.resolve()
    store, key = RunStore(folder.parent.parent), f"{folder.parent.name}/{folder.name}"
    return StageFiles(store.sound_folder(key), spec, store.record(key), log_lines(folder / LOG))


def find_stage(store: RunStore, key: str) -> Path:
    """The folder of a key, which may be cut short where it stays the only one that begins so.

    Args:
        store: of `runs/`.
        key: kind and fingerprint, or the beginning of a fingerprint.

    Raises:
        BenchError: no stage, or several, begin so.
    """
    kind, _, start = key.partition("/")
    names = [path.name for path in folders(store.root / kind) if path.name.startswith(start)]
    if len(names) != 1:
        several = f"{len(names)}: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}" if names else "none"
        raise BenchError(
            f"{key}: expected the key of one stage below {store.root}, found {several}; `bench status --all` lists them"
        )
    return store.root / kind / names[0]


def log_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a training's log; the half line of a killed run, and what follows it, is left out."""
    lines: list[dict[str, Any]] = []
    if path.is_file():
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            line = parsed_line(text)
            if line is None:
                break
            lines.append(line)
    return lines


def parsed_line(text: str) -> dict[str, Any] | None:
    """One line of a training's log; none where it is not whole."""
    try:
        values = parse_json(text)
    except ValueError:
        return None
    return values if isinstance(values, dict) and isinstance(values.get("step"), int) else None


def curves(log: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Name of each logged number -> (step, value) of the lines that have it, in the order of the names."""
    named: dict[str, list[tuple[int, float]]] = {}
    for line in log:
        for name, value in line.items():
            if name != "step" and isinstance(value, (int, float)) and not isinstance(value, bool):
                named.setdefault(name, []).append((int(line["step"]), float(value)))
    return dict(sorted(named.items(), key=lambda item: (item[0] != "loss", item[0])))
