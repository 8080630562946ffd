"""Files on this machine: JSON lines, JSON lists, parquet, or folders that `datasets` saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from benchbench.core.errors import BenchError
from benchbench.core.identity import Since
from benchbench.core.source import LoadedSplits, Source
from benchbench.data.files import content_hash, placed_paths, read_rows
from benchbench.data.preference_order import PreferredBy
from benchbench.data.rows import Row
from benchbench.data.splits import check_row_options, load_rows, row_options


@dataclass(frozen=True)
class LocalFilesOptions:
    """Which file holds which split; paths are relative to the recipe file.

    Raises:
        ValueError: options that contradict each other or are out of range.
    """

    files: dict[str, str | list[str]] = field(default_factory=dict)
    """Split -> path or list of paths (.jsonl, .json, either with .gz, .parquet, or a save_to_disk folder)."""
    path: str | None = None
    """One file with all splits, instead of `files`."""
    split_column: str | None = None
    """Column of that file whose text is the split's name; goes with `path`."""
    rename: dict[str, str] = field(default_factory=dict)
    """Our column name -> the file's."""
    columns: list[str] = field(default_factory=list)
    """Further numeric columns to keep, one number per row or one per candidate."""
    ignore_columns: Annotated[list[str], Since("2026-11-28", before=[])] = field(default_factory=list)
    """Columns, and fields of turns as `column.field`, that are left out; any other that nothing reads is refused."""
    on_tool_calls: Annotated[Literal["error", "drop"], Since("2026-11-28", before="error")] = "error"
    """Rows with tools, tool calls or their results: refuse the data, or leave the rows out and count them."""
    drop_missing: Annotated[list[str], Since("2026-11-28", before=[])] = field(default_factory=list)
    """Names of columns (`score` for the ratings); rows without a number in one of them are dropped and counted."""
    preferred_by: Annotated[PreferredBy, Since("2026-11-28", before="ratings")] = "ratings"
    """What decides which candidate is the preferred one: `ratings`, in rows whose candidates all have one, or `given`,
    the order of the data (chosen before rejected, the first of several candidates)."""
    max_contradicted: Annotated[float, Since("2026-11-28", before=0.05)] = 0.05
    """Share of a split's rated rows, in [0, 1], whose ratings may contradict the order given; more is an error."""
    holdout: dict[str, float] = field(default_factory=dict)
    """New split -> fraction of prompts, in (0, 1), moved there out of `holdout_from` by a hash of the prompt."""
    holdout_from: str = "train"
    """Split from which `holdout` takes its prompts."""
    limit: dict[str, int] = field(default_factory=dict)
    """Split -> number of its first examples to keep, after everything else."""

    def __post_init__(self) -> None:
        if bool(self.files) == (self.path is not None):
            raise ValueError("files: expected exactly one of files and path")
        if (self.path is None) != (self.split_column is None):
            raise ValueError("split_column: expected together with path, and only then")
        for split, paths in self.files.items():
            if not paths or (not isinstance(paths, str) and len(set(paths)) < len(paths)):
                raise ValueError(f"files.{split}: expected one or several different paths, got {paths!r}")
        check_row_options(self, holdout=self.holdout)

    def paths(self) -> dict[str, list[str]]:
        """Split -> paths as written; the split of `path` is the empty text."""
        if self.path is not None:
            return {"": [self.path]}
        return {split: [paths] if isinstance(paths, str) else list(paths) for split, paths in self.files.items()}


def load(options: LocalFilesOptions, folder: Path) -> LoadedSplits:
    """Read every file, normalise its rows, carve out the held-out part, cut to the limits."""
    rows: dict[str, list[Row]] = {
        split: [row for path in paths for row in read_rows(folder / path)] for split, paths in options.paths().items()
    }
    where = {split: ", ".join(str(folder / path) for path in paths) for split, paths in options.paths().items()}
    if options.path is not None and options.split_column is not None:
        rows = _by_split(rows[""], options.split_column, folder / options.path)
        where = dict.fromkeys(rows, str(folder / options.path))
    return load_rows(
        rows,
        where=where,
        holdout=options.holdout,
        holdout_from=options.holdout_from,
        **row_options(options),
    )


def _by_split(rows: list[Row], column: str, path: Path) -> dict[str, list[Row]]:
    splits: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        name = row.get(column)
        if not isinstance(name, str) or not name:
            raise BenchError(
                f"{path}, row {number}: expected a split's name in column '{column}', found {name!r}; "
                f"columns: {', '.join(row)}"
            )
        splits.setdefault(name, []).append({key: value for key, value in row.items() if key != column})
    if not splits:
        raise BenchError(f"{path}: expected rows, found none")
    return splits


def identity(options: LocalFilesOptions, folder: Path) -> Mapping[str, str]:
    """Path as written -> sha256 of its content."""
    return {path: content_hash(folder / path) for paths in options.paths().values() for path in paths}


SOURCE = Source(
    name="local_files", options=LocalFilesOptions, load=load, identity=identity, files=placed_paths, version=2
)
