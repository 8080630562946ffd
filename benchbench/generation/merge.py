"""Adapters merged into their base model, for engines that serve whole weights only."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.model_files import ADAPTER_FILE
from benchbench.data.tokenizer import save_tokenizer
from benchbench.models import load
from benchbench.models.saving import probe, save_whole
from benchbench.store.files import whole_folder, write_json

MERGE_DTYPE = "float32"
"""Base and adapters are added in this precision whatever the recipe trains in, and saved in it."""
MERGE_TOLERANCE = 1e-3
"""Nats per token between adapters on their base and what was saved of both: rounding stays far below."""
MERGED_FILE = "merged.json"
"""In a merged folder, so that rows can say so."""


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds adapters instead of whole weights."""
    return (folder / ADAPTER_FILE).is_file()


def is_merged(folder: Path) -> bool:
    """Whether the whole weights of a folder were made by `merge_adapter`."""
    return (folder / MERGED_FILE).is_file()


def merge_adapter(
    adapter: Path,
    base: load.ModelSpec,
    folder: Path,
    *,
    tokenizer: Any = None,
    beside: Mapping[str, Path] | None = None,
) -> Path:
    """Write base plus adapters as whole float32 weights; the result's log-probabilities differ by rounding only.

    A head that is the input embedding gets weights of its own where adapters are on either: they are added to one.

    Args:
        adapter: folder that a stage with LoRA left.
        base: the pinned weights of its base model.
        folder: to write; it appears whole or not at all. Drafts of killed merges are removed, so two processes that
            may want the same one take turns.
        tokenizer: saved beside the weights, where a reader of the folder needs one.
        beside: files copied there by their names in the folder, such as those of a tokenizer as it is.

    Returns:
        `folder`.

    Raises:
        BenchError: the adapters or the base's weights are not there, or do not fit; the folder is there; numbers that
            are not finite; another model than before (exit code 1).
    """
    if not is_adapter(adapter):
        raise BenchError(f"{adapter}: expected adapters, found no {ADAPTER_FILE}")
    if base.path is None or not Path(base.path).is_dir():
        raise BenchError(
            f"{adapter}: the weights of its base model are not on this machine", exit_code=ExitCode.UNAVAILABLE
        )
    if folder.exists():
        raise BenchError(f"{folder}: expected a new folder, found one that is there; remove it or name another")
    for leftover in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    in_full = replace(base, settings={**base.settings, "dtype": MERGE_DTYPE})
    with whole_folder(folder) as draft:
        before = _save_merged(adapter, in_full, draft)
        after = probe(load.load_trained(draft, in_full, trainable=False))
        moved = float((after - before).abs().mean())
        if not moved <= MERGE_TOLERANCE:
            raise BenchError(
                f"{adapter}: merged with its base it is another model: log-probabilities move by {moved:.2g} nats per "
                f"token, at most {MERGE_TOLERANCE:g} are rounding; merge it with the tool that made it",
                exit_code=ExitCode.FAILED,
            )
        if tokenizer is not None:
            save_tokenizer(tokenizer, draft)
        for name, path in (beside or {}).items():
            (draft / name).parent.mkdir(exist_ok=True)
            shutil.copy(path, draft / name)
        write_json(draft / MERGED_FILE, {"dtype": MERGE_DTYPE})
    return folder


def _save_merged(adapter: Path, base: load.ModelSpec, draft: Path) -> Tensor:
    """Write the weights alone; the probe's log-probabilities before they were added. Frees the model's memory."""
    model = load.load_trained(adapter, base, trainable=False)
    before = probe(model)
    if not bool(before.isfinite().all()):
        raise BenchError(f"{adapter}: expected numbers, found weights or log-probabilities that are not finite")
    tied = model.config.tie_word_embeddings
    _untie(model)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(tie_word_embeddings|no longer tied).*")  # they are untied here
        merged = model.merge_and_unload(safe_merge=True)
    if tied and not merged.config.tie_word_embeddings:
        merged._weight_conversions = None  # of names in the base's file, which had none for a head
    save_whole(merged, draft)
    return before


def _untie(model: Any) -> None:
    """Give a head of its own to a model with tied embeddings and adapters on one of them.

    Layers that were trained as a whole, or some of whose tokens were, peft unties by itself where that is needed.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    base = model.get_base_model()
    inner, head = base.get_input_embeddings(), base.get_output_embeddings()
    if not (base.config.tie_word_embeddings and any(isinstance(layer, BaseTunerLayer) for layer in (inner, head))):
        return
    layer = head.get_base_layer() if isinstance(head, BaseTunerLayer) else head
    if isinstance(layer, nn.Linear):
        layer.weight = nn.Parameter(layer.weight.detach().clone())
        base.config.tie_word_embeddings = False
