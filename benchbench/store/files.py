"""Files that are whole or not there: written beside their place, brought to the disk, then renamed.

Everything that is kept is written through `written`, one file, or `whole_folder`, a folder with all that is in it. When
either returns, a power cut takes nothing of it away again.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchbench.core.json_text import parse_json
from benchbench.store.disk import placed
from benchbench.store.drafts import draft_prefix, old_prefix, put_back_replaced
from benchbench.store.leases import check

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EROFS, errno.EACCES)
"""What file systems say that bring no folders to the disk one by one, or do not let this user ask for it."""


@contextmanager
def written(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A place to write a file to, which takes its name only when the block ends without an error.

    Args:
        path: of the file; a file that is there stays, whole, until the new one replaces it.
        durable: whether to wait until file and name are on the disk; not for what is a copy of something else, such as
            a hash that is kept.

    Raises:
        LeaseLostError: another process took over what the file belongs to; it is left as it is.
    """
    check(path)
    with placed(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=draft_prefix(path))
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(0o644)
            if durable:
                sync(draft)
            check(path)
            draft.replace(path)
            if durable:
                sync(path.parent)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Wait until a folder with everything in it is on the disk."""
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink() and (path.is_file() or path.is_dir()):
            sync(path)
    sync(folder)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step; a reader never sees half of it."""
    with written(path) as draft:
        draft.write_bytes(content)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a text file in one step; `durable` as in `written`."""
    with written(path, durable=durable) as draft, draft.open("w", encoding="utf-8") as file:
        file.write(text)


def write_files(contents: Mapping[Path, str | bytes]) -> None:
    """Write files, texts as UTF-8; none takes its name before all are on the disk.

    Args:
        contents: path -> content.
    """
    with ExitStack() as drafts:
        for path, content in contents.items():
            draft = drafts.enter_context(written(path))
            draft.write_bytes(content if isinstance(content, bytes) else content.encode())
            sync(draft)


def copy_tree(source: Path, target: Path) -> None:
    """Copy every file of a folder into another; the first error of the disk is raised as it is.

    `shutil.copytree` gathers errors into one without a number, of which nobody could say what to do.
    """
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def json_text(value: Any) -> str:
    """A value as JSON files have it."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=True) + "\n"


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write a JSON file in one step; `durable` as in `written`."""
    write_text(path, json_text(value), durable=durable)


def write_yaml(path: Path, value: Any) -> None:
    """Write a YAML 1.2 file in one step."""
    text = io.StringIO()
    dumper = YAML(typ="safe", pure=True)
    dumper.default_flow_style = False
    dumper.dump(value, text)
    write_text(path, text.getvalue())


def csv_text(names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as CSV; numbers are read back exactly, and NaN and None are empty.

    Args:
        names: of the columns; what a row has beside them is left out, and what it lacks is empty.
        rows: name -> value.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell_text(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def write_csv(path: Path, names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file in one step; columns and rows as in `csv_text`."""
    write_text(path, csv_text(names, rows))


def cell_text(value: object) -> str:
    """A value as CSV files have it: a number so that it is read back exactly, nothing for NaN and None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


class NoFileError(OSError):
    """Something else in the place of a file: a folder, or a pipe or device, which a reader would wait for."""


def require_file(path: Path) -> None:
    """Return only if there is a file, behind all links.

    Raises:
        NoFileError: there is something else.
        OSError: there is nothing, or nobody may look.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise NoFileError(errno.EISDIR, "a folder in the place of a file", str(path))
    if not stat.S_ISREG(mode):
        raise NoFileError(errno.ENXIO, "a pipe or a device in the place of a file", str(path))


def read_bytes(path: Path) -> bytes:
    """The content of a file; whatever else stands in its place is not waited for."""
    require_file(path)
    return path.read_bytes()


def read_text(path: Path) -> str:
    """The content of a file as UTF-8 text; whatever else stands in its place is not waited for."""
    require_file(path)
    return path.read_text(encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file; what is no JSON, however it is none, is a ValueError."""
    return parse_json(read_text(path))


def json_or_none(path: Path) -> Any:
    """What a JSON file holds; none where no file is there, or it is damaged, as a power cut may leave an empty one."""
    try:
        return read_json(path)
    except (FileNotFoundError, NoFileError, ValueError):
        return None


def folders(path: Path) -> list[Path]:
    """The folders in a folder, by name; drafts of killed runs, whose names begin with a dot, are none."""
    return [inner for inner in sorted(path.glob("*")) if inner.is_dir() and not inner.name.startswith(".")]


def _swap(draft: Path, path: Path) -> None:
    """Put a folder in the place of another, which goes only when the new one is there.

    Until then the other is no draft, so that a process killed between the two renames leaves both.
    """
    holder = Path(tempfile.mkdtemp(dir=path.parent, prefix=old_prefix(path)))
    old = path.rename(holder / path.name)
    try:
        draft.rename(path)
    except BaseException:
        old.rename(path)
        holder.rmdir()
        raise
    shutil.rmtree(holder)


@contextmanager
def whole_folder(path: Path, *, keep: Callable[[Path], bool] = lambda folder: False) -> Iterator[Path]:
    """A folder to fill; it takes its place only when the block ends without an error.

    Args:
        path: its place.
        keep: whether a folder that is there meanwhile is left as it is: one that is named by its content, and is
            whole. Any other is replaced.

    Raises:
        LeaseLostError: as `written`.
    """
    check(path)
    with placed(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        put_back_replaced(path.parent)
        draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=draft_prefix(path)))
        draft.chmod(0o755)
        try:
            yield draft
            sync_tree(draft)
            check(path)
            if not path.exists():
                try:
                    draft.rename(path)
                    sync(path.parent)
                    return
                except OSError:
                    if not path.is_dir():
                        raise  # else another process was faster
            if keep(path):
                shutil.rmtree(draft)
            else:
                _swap(draft, path)
            sync(path.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
