"""runs/data/ and runs/tokenizer/: normalised examples and trained tokenizers, by content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.json_text import parse_json
from benchbench.core.origin import Origin
from benchbench.core.shown_text import require_name
from benchbench.core.split_shape import ColumnShape, SplitShape
from benchbench.store.checksums import is_as_stamped, stamped
from benchbench.store.contents import entry_of, shown_hash
from benchbench.store.damage import set_folder_aside
from benchbench.store.file_hashes import kept_hash
from benchbench.store.files import json_or_none, read_bytes, whole_folder, write_json, written

T = TypeVar("T")
INDEX = "prepared.json"
_NAMES = ("hashes", "report", "shapes", "files")
_AS_PREPARED = "the data as they were prepared"


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
    files: Mapping[str, str]
    """sha256 of each split's file, as it was written."""
    origin: Origin = field(default_factory=Origin)
    """What they were made from; empty for worlds made from a seed, and for data of versions that did not keep it."""

    def lines(self, split: str) -> list[Any]:
        """The split's examples as plain JSON values.

        Raises:
            BenchError: exit code 5; the file is not there, or not as it was written.
        """
        return read_lines(self.folder / f"{split}.jsonl", self.files[split], what=_AS_PREPARED)

    def check(self, split: str, root: Path) -> None:
        """Return only if the split's file is as it was written; it is read only where it may have changed.

        Args:
            split: name of the split.
            root: the `runs/` folder, where hashes are kept.

        Raises:
            BenchError: exit code 5; as `lines`.
        """
        check_lines(self.folder / f"{split}.jsonl", self.files[split], root, what=_AS_PREPARED)


def read_lines(path: Path, digest: str, *, what: str) -> list[Any]:
    """The JSON values of a file of lines that was written with `write_lines`.

    Args:
        path: the file.
        digest: sha256 of its content when it was written.
        what: it holds, for messages.

    Raises:
        BenchError: exit code 5; the file is not there, or not as it was written.
    """
    try:
        content = read_bytes(path)
    except OSError as error:
        raise _changed(path, what, f"cannot be read ({error.strerror})") from None
    _require(path, digest, sha256(content).hexdigest(), what)
    try:
        return [parse_json(line) for line in content.decode().split("\n") if line]
    except ValueError:
        raise _changed(path, what, "is no JSON in lines") from None


def check_lines(path: Path, digest: str, root: Path, *, what: str) -> None:
    """Return only if `read_lines` would read the file; its hash is remembered, so that a second look costs nothing.

    Args:
        path: the file.
        digest: sha256 of its content when it was written.
        root: the `runs/` folder, where hashes are kept.
        what: it holds, for messages.

    Raises:
        BenchError: exit code 5; the file is not there, or not as it was written.
    """
    try:
        present = kept_hash(path, root)
    except OSError as error:
        raise _changed(path, what, f"cannot be read ({error.strerror})") from None
    _require(path, digest, present, what)


def _require(path: Path, digest: str, present: str, what: str) -> None:
    if present != digest:
        raise _changed(path, what, f"has the content {present[:12]}, was written as {digest[:12]}")


def _changed(path: Path, what: str, fault: str) -> BenchError:
    return BenchError(
        f"{path}: expected {what}, found a file that {fault}; such files are not to be edited: change what they are "
        f"made from, or remove {path.parent} and run the command again, which makes them anew",
        exit_code=ExitCode.UNAVAILABLE,
    )


def sound_prepared(root: Path, key: str) -> PreparedData | None:
    """Prepared data of that key, every file of which is as it was written; none where there are none.

    Data that are not so are set aside, and a line says what was expected and what was found: they are made again.

    Args:
        root: the `runs/` folder.
        key: of the data.
    """
    if _prepared_fault(root, key):
        set_folder_aside(root, root / "data" / key, lambda: _prepared_fault(root, key))
    return read_prepared(root, key)


def _prepared_fault(root: Path, key: str) -> str:
    """What of prepared data is not as it was written; empty where all is, or there are none."""
    index = root / "data" / key / INDEX
    if not index.exists():
        return ""
    prepared = _read_index(root, key)
    if isinstance(prepared, str):
        return f"{index}: {prepared}"
    try:
        for split in prepared.files:
            prepared.check(split, root)
    except BenchError as error:
        return str(error).split("; such files")[0]
    return ""


def prepared_faults(folder: Path) -> list[str]:
    """What of prepared data is not as it was written, one line per file; every file is read."""
    prepared = _read_index(folder.parent.parent, folder.name)
    if isinstance(prepared, str):
        return [f"{INDEX}: {prepared}"]
    faults: list[str] = []
    for split, digest in prepared.files.items():
        present = entry_of(folder / f"{split}.jsonl")["sha256"]
        if present != digest:
            faults.append(f"{split}.jsonl: expected the content {digest[:12]}, found {shown_hash(present)}")
    return faults


def read_prepared(root: Path, key: str) -> PreparedData | None:
    """Prepared data of that key; none where they are not there, are damaged, or of a version that is not read."""
    prepared = _read_index(root, key)
    return None if isinstance(prepared, str) else prepared


def _read_index(root: Path, key: str) -> PreparedData | str:
    """Prepared data of that key, or why they cannot be read; what was prepared without a key is of its folder's."""
    folder = root / "data" / key
    index = json_or_none(folder / INDEX)
    unread = "expected what was prepared, found a damaged file, or one of another version"
    if not is_as_stamped(index, without=_NAMES):
        return unread
    if (prepared_as := index.get("key", key)) != key:
        return f"expected the data {key}, found the data {prepared_as}"
    try:
        shapes = {split: _shape(shape) for split, shape in index["shapes"].items()}
        origin = Origin.from_json(index["origin"]) if "origin" in index else Origin()
        return PreparedData(folder, index["hashes"], index["report"], shapes, index["files"], origin)
    except (KeyError, TypeError, AttributeError):
        return unread


def _shape(values: Mapping[str, Any]) -> SplitShape:
    columns = {name: ColumnShape(**column) for name, column in values["columns"].items()}
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
    origin: Origin | None = None,
) -> PreparedData:
    """Store normalised splits; whole or not at all.

    Raises:
        BenchError: a split's name is no file's name.
    """
    for name in splits:
        require_name(name, where="a split of the data")
    with whole_folder(root / "data" / key, keep=lambda folder: read_prepared(root, key) is not None) as draft:
        files = {
            name: write_lines(draft / f"{name}.jsonl", (to_json(example) for example in examples))
            for name, examples in splits.items()
        }
        plain = {split: asdict(shape) for split, shape in shapes.items()}
        index = {"hashes": dict(hashes), "report": dict(report), "shapes": plain, "files": files}
        if origin is not None and origin.is_known:
            index["origin"] = origin.as_json()
        write_json(draft / INDEX, stamped({"key": key, **index}))
    prepared = read_prepared(root, key)
    assert prepared is not None
    return prepared


def write_lines(path: Path, values: Iterable[Any]) -> str:
    """Write one JSON value per line; returns the sha256 of the file."""
    digest = sha256()
    with written(path) as draft, draft.open("wb") as handle:
        for value in values:
            line = (json.dumps(value, ensure_ascii=False, allow_nan=True) + "\n").encode()
            digest.update(line)
            handle.write(line)
    return digest.hexdigest()
