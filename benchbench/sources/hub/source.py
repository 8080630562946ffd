"""Datasets of the Hugging Face hub, pinned to a commit, or a local folder in the hub's format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from benchbench.core.identity import Since
from benchbench.core.repository import Repository
from benchbench.core.source import LoadedSplits, Source
from benchbench.data.files import content_hash
from benchbench.data.hub_access import check_commit
from benchbench.data.hub_dataset import local_dataset, open_dataset, read_dataset_split, required_revision
from benchbench.data.preference_order import PreferredBy
from benchbench.data.splits import check_row_options, load_rows, row_options


@dataclass(frozen=True)
class HubOptions:
    """Which dataset, at which commit, and which of its splits.

    Raises:
        ValueError: a revision that is no commit, no splits, or options out of range.
    """

    dataset_name: str
    """Hub id, or a local folder in the hub's format (relative to the recipe file)."""
    dataset_revision: str | None = None
    """Commit of the hub repository, 40 hexadecimal digits; required for a hub id, refused for a folder."""
    dataset_config: str | None = None
    """Configuration of the dataset; required if it has several."""
    splits: dict[str, str] = field(default_factory=dict)
    """Our split -> the dataset's, such as `train: train_prefs`; at least one."""
    rename: dict[str, str] = field(default_factory=dict)
    """Our column name -> the dataset's."""
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
    limit: dict[str, int] = field(default_factory=dict)
    """Our split -> number of its first examples to keep."""

    def __post_init__(self) -> None:
        if not self.dataset_name:
            raise ValueError("dataset_name: expected a hub id or a folder, got an empty text")
        if self.dataset_revision is not None:
            check_commit("dataset_revision", self.dataset_revision)
        if not self.splits:
            raise ValueError("splits: expected at least one, such as {train: train_prefs}, got none")
        check_row_options(self, holdout={})


def load(options: HubOptions, folder: Path) -> LoadedSplits:
    """Fetch or open the dataset, and normalise the splits asked for."""
    builder, label = open_dataset(options.dataset_name, options.dataset_config, options.dataset_revision, folder)
    rows = {
        split: read_dataset_split(builder, name, f"data.options.splits.{split}")
        for split, name in options.splits.items()
    }
    return load_rows(
        rows,
        where={split: f"{label}, {name}" for split, name in options.splits.items()},
        **row_options(options),
    )


def identity(options: HubOptions, folder: Path) -> Mapping[str, str]:
    """The commit; for a local folder the hash of its files."""
    local = files(options, folder)
    return {name: content_hash(path) for name, path in local.items()} or {
        "revision": required_revision(options.dataset_name, options.dataset_revision)
    }


def files(options: HubOptions, folder: Path) -> Mapping[str, Path]:
    """The dataset where it is a local folder; nothing of what the hub has."""
    path = local_dataset(options.dataset_name, options.dataset_revision, folder)
    return {} if path is None else {options.dataset_name: path}


def repository(options: HubOptions, folder: Path) -> Repository:
    """The dataset's own, at its commit, or the local folder."""
    path = local_dataset(options.dataset_name, options.dataset_revision, folder)
    return Repository(
        "dataset",
        options.dataset_name,
        required_revision(options.dataset_name, options.dataset_revision) if path is None else None,
        path,
    )


SOURCE = Source(
    name="hub", options=HubOptions, load=load, identity=identity, repository=repository, files=files, version=2
)
