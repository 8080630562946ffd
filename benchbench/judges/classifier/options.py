"""Options of a classifier as a judge, and which model they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchbench.core.errors import BenchError
from benchbench.core.repository import Repository
from benchbench.data.files import content_hash
from benchbench.data.hub_access import check_commit, local_folder

WHAT = "classifier"


@dataclass(frozen=True)
class ClassifierOptions:
    """Which classifier of texts, and what of it is the score."""

    model_name_or_path: str
    """Hub id or folder (relative to the recipe file) of a classifier with two labels or more."""
    label: str
    """The label that is wished for, as the model's configuration calls it, such as `POSITIVE`."""
    max_length: int
    """Tokens of a text, special ones among them; at most what the model reads."""
    revision: str | None = None
    """Commit of the hub repository; required for a hub id, refused for a folder."""
    of: Literal["response", "whole"] = "whole"
    """`response`: the response alone; `whole`: the last message of the prompt and the response, a space between."""
    score: Literal["log_odds", "probability"] = "log_odds"
    """log p - log(1 - p) of the label in nats, or its probability p by the softmax over the labels."""
    truncation: Literal["left", "right", "error"] = "error"
    """Longer texts lose their beginning or their end, or stop the run."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Precision of the weights."""


def identity(options: ClassifierOptions, folder: Path) -> Mapping[str, str]:
    """The content of a local folder, or name and commit of the hub.

    Raises:
        BenchError: no such folder, a folder with a revision, or a hub id without one.
    """
    local = local_folder(options.model_name_or_path, folder)
    if local is not None and options.revision is None:
        return {"weights": content_hash(local)}
    if local is not None:
        raise BenchError(f"{WHAT}: revision: expected none for a local folder, which is pinned by its content")
    try:
        check_commit("revision", options.revision or "")
    except ValueError as error:
        raise BenchError(f"{WHAT} {options.model_name_or_path} (no local folder): {error}") from None
    return {"weights": f"{options.model_name_or_path}@{options.revision}"}


def repository(options: ClassifierOptions, folder: Path) -> Repository | None:
    """Of a classifier on the hub; none for a local folder, or where no commit is named."""
    if options.revision is None or local_folder(options.model_name_or_path, folder) is not None:
        return None
    return Repository("model", options.model_name_or_path, options.revision)
