"""Examples that a stage made, in its folder: a file per split and the hashes that every reader checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.shown_text import require_name
from benchbench.store.files import json_or_none, write_json
from benchbench.store.prepared import check_lines, read_lines, write_lines

T = TypeVar("T")
FOLDER, HASHES = "examples", "hashes.json"
_AS_MADE = "the examples as a stage made them"


def write_made(folder: Path, splits: Mapping[str, Sequence[T]], to_json: Callable[[T], Any]) -> dict[str, int]:
    """Write the examples that a stage made; returns how many there are of each split.

    Args:
        folder: the stage's own.
        splits: name -> examples.
        to_json: an example as plain values.

    Raises:
        BenchError: a split's name is no file's name.
    """
    for name in splits:
        require_name(name, where="a split of the data")
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    hashes = {
        name: write_lines(target / f"{name}.jsonl", (to_json(example) for example in examples))
        for name, examples in splits.items()
    }
    write_json(target / HASHES, hashes)
    return {name: len(examples) for name, examples in splits.items()}


def made_lines(folder: Path, split: str) -> list[Any]:
    """The examples of one split that a finished stage made, as plain JSON values.

    Raises:
        BenchError: exit code 5; the stage made no such split, or the file is not as it was written.
    """
    return read_lines(_file(folder, split), made_hash(folder, split), what=_AS_MADE)


def check_made(folder: Path, split: str, root: Path) -> None:
    """Return only if a split's file is as the stage wrote it; it is read only where it may have changed.

    Args:
        folder: the stage's own.
        split: name of the split.
        root: the `runs/` folder, where hashes are kept.

    Raises:
        BenchError: exit code 5; as `made_lines`.
    """
    check_lines(_file(folder, split), made_hash(folder, split), root, what=_AS_MADE)


def made_hash(folder: Path, split: str) -> str:
    """sha256 of the file of a split that a finished stage made, when it was written.

    Raises:
        BenchError: exit code 5; the stage made no such split.
    """
    hashes = json_or_none(folder / FOLDER / HASHES) or {}
    if split not in hashes:
        raise BenchError(
            f"{folder}: expected examples of split '{split}', found {', '.join(hashes) or 'none'}; remove the folder "
            "and run the command again, which makes them anew",
            exit_code=ExitCode.UNAVAILABLE,
        )
    return hashes[split]


def _file(folder: Path, split: str) -> Path:
    return folder / FOLDER / f"{split}.jsonl"
