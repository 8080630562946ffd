"""runs/data/ and runs/tokenizer/: normalised examples and trained tokenizers, by content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchbench.data.columns import ColumnShape, SplitShape
from benchbench.store.files import read_json, whole_folder, write_json

T = TypeVar("T")


@dataclass(frozen=True)
class PreparedData:
    """Normalised splits on disk."""

    folder: Path
    hashes: Mapping[str, str]
    """Content hash of each split."""
    report: Mapping[str, Any]
    """What was read, dropped, tied, identical or empty, and prompts shared between splits."""
    shapes: Mapping[str, SplitShape]
    """By split."""

    def lines(self, split: str) -> list[Any]:
        """The split's examples as plain JSON values."""
        with (self.folder / f"{split}.jsonl").open(encoding="utf-8") as handle:
            return [json.loads(line) for line in handle]


def read_prepared(root: Path, key: str) -> PreparedData | None:
    """Prepared data of that key, or none."""
    folder = root / "data" / key
    if not (folder / "prepared.json").is_file():
        return None
    index = read_json(folder / "prepared.json")
    shapes = {split: _shape(shape) for split, shape in index["shapes"].items()}
    return PreparedData(folder, index["hashes"], index["report"], shapes)


def _shape(values: Mapping[str, Any]) -> SplitShape:
    columns = {
        name: ColumnShape(column, None, None) if isinstance(column, str) else ColumnShape(**column)
        for name, column in values["columns"].items()  # a text in what older versions left beside prompt sets
    }
    return SplitShape(**{**values, "columns": columns})


def write_prepared(
    root: Path,
    key: str,
    splits: Mapping[str, Sequence[T]],
    to_json: Callable[[T], Any],
    *,
    hashes: Mapping[str, str],
    report: Mapping[str, Any],
    shapes: Mapping[str, SplitShape],
) -> PreparedData:
    """Store normalised splits; whole or not at all."""
    with whole_folder(root / "data" / key, keep=True) as draft:
        for name, examples in splits.items():
            _write_lines(draft / f"{name}.jsonl", (to_json(example) for example in examples))
        plain = {split: asdict(shape) for split, shape in shapes.items()}
        write_json(draft / "prepared.json", {"hashes": dict(hashes), "report": dict(report), "shapes": plain})
    prepared = read_prepared(root, key)
    assert prepared is not None
    return prepared


def _write_lines(path: Path, values: Iterable[Any]) -> None:
    with path.open("w", encoding="utf-8") as handle:
        for value in values:
            handle.write(json.dumps(value, ensure_ascii=False, allow_nan=True) + "\n")
