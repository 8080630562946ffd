"""Rows of one local file or dataset folder, and the hash of its bytes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import canonical
from benchbench.core.json_text import JsonTextError, parse_json
from benchbench.data.rows import Row
from benchbench.data.unfolding import unfolded
from benchbench.store.file_hashes import file_hash


def read_rows(path: Path) -> list[Row]:
    """All rows of a file, or of a folder that `datasets` saved.

    Raises:
        BenchError: exit code 5 where nothing is there, 2 where it cannot be read as what its name says.
    """
    _require(path)
    if path.is_dir():
        return _read_saved_dataset(path)
    for ending, read in _READERS.items():
        if path.name.endswith(ending):
            try:
                return read(path)
            except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
                raise BenchError(f"{path}: cannot be read as {ending} ({error})") from None
    raise BenchError(f"{path}: expected a file ending in {', '.join(_READERS)}, or a folder made by save_to_disk")


def placed_paths(options: Any, folder: Path) -> dict[str, Path]:
    """Path as written -> where it leads, of options of a source that has `paths()`: those of each split, by its name.

    Args:
        options: of the source.
        folder: of the recipe file.
    """
    return {path: folder / path for paths in options.paths().values() for path in paths}


def content_hash(path: Path) -> str:
    """sha256 of a file's bytes; of a folder, of the names and hashes of all its files."""
    _require(path)
    if not path.is_dir():
        return _file_hash(path)
    inside = {str(p.relative_to(path)): _file_hash(p) for p in sorted(path.rglob("*")) if p.is_file()}
    return hashlib.sha256(canonical(inside).encode()).hexdigest()


def _file_hash(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError as error:
        raise BenchError(
            f"{path}: cannot be read ({error.strerror}); change its permissions, or bring it back",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None


def _require(path: Path) -> None:
    if not path.exists():
        what = "a link to a file that is not there" if path.is_symlink() else "no such file or folder"
        raise BenchError(f"{path}: {what}; put the data there", exit_code=ExitCode.UNAVAILABLE)
    if not path.is_file() and not path.is_dir():
        raise BenchError(f"{path}: expected a file or a folder, found a pipe or a device, which would be waited for")


def _text(path: Path) -> str:
    return (unfolded(path) if path.suffix == ".gz" else path.read_bytes()).decode("utf-8-sig")


def _read_lines(path: Path) -> list[Row]:
    rows = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = parse_json(line)
        except JsonTextError as error:
            raise BenchError(f"{path}:{number}: expected one JSON object, found no JSON ({error})") from None
        rows.append(_checked(row, f"{path}:{number}"))
    return rows


def _read_list(path: Path) -> list[Row]:
    text = _text(path)
    try:
        rows = parse_json(text)
    except JsonTextError as error:
        raise BenchError(f"{path}: expected one JSON list ({error}); JSON lines end in .jsonl") from None
    if not isinstance(rows, list):
        raise BenchError(f"{path}: expected a list of rows, found one {type(rows).__name__}")
    return [_checked(row, f"{path}, row {number}") for number, row in enumerate(rows)]


def _checked(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise BenchError(f"{where}: expected a JSON object, found {type(row).__name__}")
    return row


def _read_parquet(path: Path) -> list[Row]:
    import pyarrow as pa

    from benchbench.store.rows import read_parquet

    try:
        return read_parquet(path).to_pylist()
    except (pa.ArrowException, ValueError) as error:
        raise BenchError(f"{path}: cannot be read as .parquet ({error})") from None


def _read_saved_dataset(path: Path) -> list[Row]:
    import datasets

    if (path / "dataset_dict.json").is_file():
        inside = ", ".join(sorted(child.name for child in path.iterdir() if child.is_dir()))
        raise BenchError(f"{path}: this folder holds several splits; name one of its folders: {inside}")
    try:
        return datasets.Dataset.load_from_disk(str(path)).to_list()
    except (OSError, ValueError, TypeError, LookupError):
        raise BenchError(f"{path}: expected a folder made by datasets' save_to_disk, found another") from None


_READERS: Mapping[str, Callable[[Path], list[Row]]] = {
    ".jsonl": _read_lines,
    ".jsonl.gz": _read_lines,
    ".json": _read_list,
    ".json.gz": _read_list,
    ".parquet": _read_parquet,
}
