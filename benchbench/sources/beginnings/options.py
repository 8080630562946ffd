"""Which texts are read, and where they are cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from benchbench.core.identity import Since
from benchbench.data.hub_access import check_commit
from benchbench.data.hub_dataset import local_dataset
from benchbench.data.splits import check_options


@dataclass(frozen=True)
class BeginningsOptions:
    """Which file, or which split of a dataset, holds which split, and where its texts are cut.

    Paths are relative to the recipe file.

    Raises:
        ValueError: an option out of its range, or neither files nor a dataset.
    """

    files: dict[str, str | list[str]] = field(default_factory=dict)
    """Split -> path or list of paths (.jsonl, .json, either with .gz, .parquet, or a save_to_disk folder)."""
    dataset_name: Annotated[str | None, Since("2026-11-30", before=None)] = None
    """In the place of files: hub id, or a local folder in the hub's format."""
    dataset_revision: Annotated[str | None, Since("2026-11-30", before=None)] = None
    """Commit of the hub repository, 40 hexadecimal digits; required for a hub id, refused for a folder."""
    dataset_config: Annotated[str | None, Since("2026-11-30", before=None)] = None
    """Configuration of the dataset; required if it has several."""
    dataset_splits: Annotated[dict[str, str], Since("2026-11-30", before={})] = field(default_factory=dict)
    """Our split -> the dataset's, such as `train: train`; at least one with a dataset."""
    text_column: str = "text"
    """Column that holds the text."""
    prompt_words: int = 8
    """Words of the text that are the prompt, >= 1; words are what white space divides."""
    response_words: int | None = 64
    """Most words of the response, >= 1; it ends with the last sentence that ends within them. None: all of the text."""
    shuffle: Annotated[bool, Since("2026-11-30", before=False)] = False
    """Put texts in the order of a hash of each, so that the first examples of data that is sorted, by label for
    example, are of all of it."""
    holdout: dict[str, float] = field(default_factory=dict)
    """New split -> fraction of prompts, in (0, 1), moved there out of `holdout_from` by a hash of the prompt."""
    holdout_from: str = "train"
    """Split from which `holdout` takes its prompts."""
    limit: dict[str, int] = field(default_factory=dict)
    """Split -> number of its first examples to keep, after everything else."""

    def __post_init__(self) -> None:
        of_dataset = {name: getattr(self, name) for name in ("dataset_revision", "dataset_config", "dataset_splits")}
        if self.dataset_name is None:
            if not self.files or not all(self.files.values()):
                raise ValueError("files: expected a path or paths for at least one split, or a dataset_name, got none")
            if unread := [name for name, value in of_dataset.items() if value]:
                raise ValueError(f"{unread[0]}: expected none without dataset_name")
        elif self.files:
            raise ValueError("files: expected none beside dataset_name")
        elif not self.dataset_name or not self.dataset_splits:
            raise ValueError("dataset_splits: expected at least one, such as {train: train}, and the dataset's name")
        if self.dataset_revision is not None:
            check_commit("dataset_revision", self.dataset_revision)
        for name, words in (("prompt_words", self.prompt_words), ("response_words", self.response_words)):
            if words is not None and words < 1:
                raise ValueError(f"{name}: expected at least 1, got {words}")
        check_options(rename={}, columns=(), limit=self.limit, holdout=self.holdout)

    def paths(self) -> dict[str, list[str]]:
        """Split -> paths as written."""
        return {split: [paths] if isinstance(paths, str) else list(paths) for split, paths in self.files.items()}

    def local_dataset(self, folder: Path) -> Path | None:
        """The dataset's folder where it is a local one.

        Args:
            folder: of the recipe file.

        Raises:
            BenchError: a folder that is not there, or one with a revision.
        """
        if self.dataset_name is None:
            return None
        return local_dataset(self.dataset_name, self.dataset_revision, folder)
