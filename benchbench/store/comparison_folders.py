"""results/<setting>/comparisons/<id>/: one comparison each, with everything that a report of it needs.

A folder is written beside its place and then put there whole, so that nothing of an older comparison is ever in it, and
`latest` names the newest. What `bench report` adds to a folder goes when the comparison comes to something else.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import fingerprint
from benchbench.store.drafts import draft_prefix
from benchbench.store.file_hashes import file_hash
from benchbench.store.files import folders, json_or_none, sync, whole_folder, write_json, write_text, written

if TYPE_CHECKING:  # a third of a second to import, which asking for a state does not need
    import pandas as pd

FORM = 2
"""Raised by hand when what is stored of a comparison has another form."""
ABOUT = "comparison.json"
"""File of a folder that says what the comparison is, and names every other file with its content hash."""
LATEST = "latest"
"""Link to the newest folder; where links are impossible, a file that holds its id."""
_LONGEST_NAME = 40
"""Characters of an id that name its rows, before the hash."""
_TABULAR = (".csv", ".parquet")


@dataclass(frozen=True)
class StoredComparison:
    """One comparison as it was written."""

    about: Mapping[str, Any]
    """Plain values: id, setting, labels, seeds, request, and the tables as they were shown."""
    frames: Mapping[str, pd.DataFrame]
    """Name of a table without its ending -> its rows; numbers are numbers, and what is undefined is NaN."""

    def frame(self, name: str) -> pd.DataFrame:
        """A table; empty where the comparison has none of this name."""
        import pandas as pd

        return self.frames.get(name, pd.DataFrame())


def comparison_id(labels: list[str], identity: Mapping[str, Any]) -> str:
    """The name of a comparison's folder: its rows in words, cut where they are many, and a hash of all it asks for."""
    words = re.sub(r"[^a-z0-9_.]+", "-", "-".join(labels).lower()).strip("-.")
    return f"{words[:_LONGEST_NAME].strip('-.')}-{fingerprint(dict(identity))[:8]}".lstrip("-")


class ComparisonFolders:
    """The comparisons of one setting's folder of results."""

    def __init__(self, results: Path) -> None:
        self.root = results / "comparisons"

    def write(self, key: str, about: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Path:
        """Put a comparison in its place, whole, and let `latest` name it; returns its folder.

        A folder that holds the same already stays as it is, with the pages that were made from it.

        Args:
            key: its id.
            about: plain values.
            frames: name of a file, ending in `.csv` or `.parquet`, -> its rows.
        """
        folder = self.root / key
        with whole_folder(folder, keep=lambda old: _content(old) == _content(draft) and not damage(old)) as draft:
            for name, frame in frames.items():
                _write_frame(draft / name, frame)
            files = {name: file_hash(draft / name) for name in frames}
            write_json(draft / ABOUT, {**about, "id": key, "form": FORM, "files": files})
        self._point(key)
        return folder

    def _point(self, key: str) -> None:
        place = self.root / LATEST
        draft = Path(tempfile.mkdtemp(dir=self.root, prefix=draft_prefix(place))) / LATEST
        try:
            try:
                draft.symlink_to(key, target_is_directory=True)
            except OSError:
                write_text(draft, f"{key}\n")
            if place.is_dir() and not place.is_symlink():  # a copy that followed the link
                shutil.rmtree(place)
            draft.replace(place)
            sync(self.root)
        finally:
            draft.unlink(missing_ok=True)
            draft.parent.rmdir()

    def latest(self) -> Path | None:
        """The folder of the newest comparison; none where there is none."""
        pointer = self.root / LATEST
        if pointer.is_symlink():
            name = os.readlink(pointer)
        else:
            name = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
        folder = self.root / name
        return folder if name and (folder / ABOUT).is_file() else None

    def named(self, text: str) -> list[Path]:
        """The comparisons whose id is this text, or begins with it where none is it."""
        there = [folder for folder in folders(self.root) if (folder / ABOUT).is_file() and folder.name != LATEST]
        return [f for f in there if f.name == text] or [f for f in there if f.name.startswith(text)]

    def state(self, key: str) -> dict[str, str]:
        """File -> content hash of what a comparison's folder holds of it, and what `latest` names."""
        latest = self.latest()
        return {**_content(self.root / key), LATEST: "" if latest is None else latest.name}


def read_comparison_folder(folder: Path) -> StoredComparison:
    """What was stored of one comparison.

    Raises:
        BenchError: exit code 5; no comparison, or one that is not as it was written.
    """
    about = json_or_none(folder / ABOUT)
    again = "run the `bench compare` line again that made it"
    if not isinstance(about, dict) or "files" not in about:
        raise BenchError(
            f"{folder}: expected a comparison with its {ABOUT}, found none; {again}", exit_code=ExitCode.UNAVAILABLE
        )
    if about.get("form") != FORM:
        text = f"{folder / ABOUT}: expected form {FORM} of a comparison, found {about.get('form')}; {again}"
        raise BenchError(text, exit_code=ExitCode.UNAVAILABLE)
    if changed := damage(folder):
        text = f"{folder}: expected the files as they were written, found {', '.join(changed)} changed or gone; {again}"
        raise BenchError(text, exit_code=ExitCode.UNAVAILABLE)
    return StoredComparison(about, {Path(name).stem: _read_frame(folder / name) for name in about["files"]})


def damage(folder: Path) -> list[str]:
    """The files of a comparison that are gone, or not as they were written."""
    files = (json_or_none(folder / ABOUT) or {"files": {ABOUT: ""}})["files"]
    paths = {name: folder / name for name in files}
    return [name for name, path in paths.items() if not path.is_file() or file_hash(path) != files[name]]


def _content(folder: Path) -> dict[str, str]:
    """File -> content hash, of what a comparison's folder says that it holds."""
    files = (json_or_none(folder / ABOUT) or {"files": {}})["files"]
    paths = {name: folder / name for name in (ABOUT, *files)}
    return {name: file_hash(path) for name, path in paths.items() if path.is_file()}


def _write_frame(path: Path, frame: pd.DataFrame) -> None:
    assert path.suffix in _TABULAR, path
    if path.suffix == ".csv":
        write_text(path, frame.to_csv(index=False, na_rep="nan", lineterminator="\n"))
    else:
        with written(path) as draft:
            frame.to_parquet(draft, index=False, compression="zstd")


def _read_frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    from benchbench.store.result_frames import typed_frame
    from benchbench.store.rows import read_parquet

    if path.suffix == ".parquet":
        return read_parquet(path).to_pandas(use_threads=False)
    return typed_frame(pd.read_csv(path, dtype=str, keep_default_na=False), path.stem)
