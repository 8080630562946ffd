"""Files that are whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step; a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one step."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=True) + "\n")


def write_yaml(path: Path, value: Any) -> None:
    """Write a YAML 1.2 file in one step."""
    text = io.StringIO()
    dumper = YAML(typ="safe", pure=True)
    dumper.default_flow_style = False
    dumper.dump(value, text)
    write_text(path, text.getvalue())


def write_csv(path: Path, names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file in one step; numbers are read back exactly, and NaN and None are empty.

    Args:
        path: of the file.
        names: of the columns; what a row has beside them is left out, and what it lacks is empty.
        rows: name -> value.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell_text(value) for name, value in row.items()} for row in rows)
    write_text(path, text.getvalue())


def cell_text(value: object) -> str:
    """A value as CSV files have it: a number so that it is read back exactly, nothing for NaN and None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def json_or_none(path: Path) -> Any:
    """What a JSON file holds; none where it is not there, or is damaged, as a power cut may leave an empty one."""
    try:
        return read_json(path)
    except (FileNotFoundError, ValueError):
        return None


def folders(path: Path) -> list[Path]:
    """The folders in a folder, by name; drafts of killed runs, whose names begin with a dot, are none."""
    return [inner for inner in sorted(path.glob("*")) if inner.is_dir() and not inner.name.startswith(".")]


def _swap(draft: Path, path: Path) -> None:
    """Put a folder in the place of another, which goes only when the new one is there."""
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    path.rename(old)
    try:
        draft.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old)


@contextmanager
def whole_folder(path: Path, *, keep: Callable[[Path], bool] = lambda folder: False) -> Iterator[Path]:
    """A folder to fill; it takes its place only when the block ends without an error.

    Args:
        path: its place.
        keep: whether a folder that is there meanwhile is left as it is: one that is named by its content, and is
            whole. Any other is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    draft.chmod(0o755)
    try:
        yield draft
        if not path.exists():
            try:
                draft.rename(path)
                return
            except OSError:
                if not path.is_dir():
                    raise  # else another process was faster
        if keep(path):
            shutil.rmtree(draft)
        else:
            _swap(draft, path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
