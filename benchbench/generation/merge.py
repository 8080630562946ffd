"""Adapters made one with their base, for engines that serve whole weights only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.models import load
from benchbench.store.files import write_json

MERGE_DTYPE = "float32"
"""Base and adapters are added in this precision whatever the recipe trains in, and saved in it."""
MERGED_FILE = "merged.json"
"""In a merged folder, so that rows can say so."""


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds adapters instead of whole weights."""
    return (folder / load.ADAPTER_FILE).is_file()


def is_merged(folder: Path) -> bool:
    """Whether the whole weights of a folder were made by `merge_adapter`."""
    return (folder / MERGED_FILE).is_file()


def merge_adapter(
    adapter: Path, base: load.ModelSpec, folder: Path, *, tokenizer: Any = None, beside: Iterable[Path] = ()
) -> Path:
    """Write base plus adapters as whole float32 weights; the result's log-probabilities differ by rounding only.

    Args:
        adapter: folder that a stage with LoRA left.
        base: the pinned weights it stands on.
        folder: to write; it appears whole or not at all.
        tokenizer: saved beside the weights, where a reader of the folder needs one.
        beside: files copied there, such as those of a tokenizer as it is.

    Returns:
        `folder`.

    Raises:
        BenchError: the adapters or the base's weights are not there; the folder is.
    """
    if not is_adapter(adapter):
        raise BenchError(f"{adapter}: expected adapters, found no {load.ADAPTER_FILE}")
    if base.path is None or not Path(base.path).is_dir():
        raise BenchError(f"{adapter}: the weights it stands on are not here", exit_code=ExitCode.UNAVAILABLE)
    if folder.exists():
        raise BenchError(f"{folder}: expected a new folder, found one that is there; remove it or name another")
    in_full = replace(base, settings={**base.settings, "dtype": MERGE_DTYPE})
    merged = load.load_trained(adapter, in_full, trainable=False).merge_and_unload(safe_merge=True)
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
    merged.save_pretrained(draft, safe_serialization=True)
    if tokenizer is not None:
        tokenizer.save_pretrained(draft)
    for path in beside:
        shutil.copy(path, draft)
    write_json(draft / MERGED_FILE, {"dtype": MERGE_DTYPE})
    os.replace(draft, folder)
    return folder
