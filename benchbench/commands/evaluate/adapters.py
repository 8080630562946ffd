"""A folder of adapters from elsewhere, such as TRL saves with LoRA, merged with the base model that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.data.model_files import ADAPTER_FILE, weights_hash
from benchbench.data.tokenizer_files import (
    CONFIG,
    MODEL_CONFIG,
    TOKENIZER_PATTERNS,
    has_vocabulary,
    read_object,
    require_vocabulary,
    tokenizer_files,
)
from benchbench.models.adapters import MERGE_VERSION, read_adapter_config
from benchbench.plan.weights import WEIGHT_PATTERNS, resolve_folder
from benchbench.store.damage import move_to_damaged
from benchbench.store.file_hashes import file_hash
from benchbench.store.runs import RunStore
from benchbench.store.seals import is_sealed, seal, seal_faults

BASE = "base_model_name_or_path"
TEMPLATE = "chat_template"


def whole_weights(adapters: Path, root: Path, *, again: bool = False) -> Path:
    """Base plus adapters in float32, as a model folder under `root`; what was merged before is not merged again.

    Args:
        adapters: folder with adapter_config.json.
        root: of the run store; the folder's name is the hash of both contents, the tokenizer and how it is merged.
        again: whether a base in the hub's cache is verified whatever is recorded of it.

    Raises:
        BenchError: adapters without a base, that do not fit it, or whose base is adapters again; a base on the hub
            without a commit; files that cannot be had, or are damaged (exit code 5).
    """
    config = read_adapter_config(adapters)
    name, revision, where = config.get(BASE), config.get("revision"), f"{adapters / ADAPTER_FILE}: {BASE}"
    if not isinstance(name, str) or not name:
        raise BenchError(f"{where}: expected the base model of the adapters, found none; name it there")
    if not isinstance(revision, str | None):
        raise BenchError(f"{adapters / ADAPTER_FILE}: revision: expected a commit or nothing, found {revision}")
    patterns = WEIGHT_PATTERNS + TOKENIZER_PATTERNS
    base = resolve_folder(name, revision, adapters, patterns=patterns, where=where, root=root, again=again)
    if (base / ADAPTER_FILE).is_file():
        raise BenchError(f"{where}: {base}: expected whole weights, found adapters; merge those first")
    content: dict[str, Any] = {
        "version": MERGE_VERSION,
        "adapters": weights_hash(adapters),
        "base": weights_hash(base),
    }
    tokenizer = _tokenizer_files(adapters, base)
    content["tokenizer"] = {name: file_hash(path) for name, path in tokenizer.items()}
    folder = root / "merged" / fingerprint(content)
    with RunStore(root).claim(f"merged/{folder.name}"):
        if faults := seal_faults(folder, root):
            move_to_damaged(root, folder, f"{folder}: {'; '.join(faults)}")
        if not folder.is_dir():
            _merge(adapters, base, folder, tokenizer)
        if not is_sealed(folder):  # merged just now, or by an earlier version
            seal(folder)
    return folder


def _merge(adapters: Path, base: Path, folder: Path, tokenizer: Mapping[str, Path]) -> None:
    from benchbench.generation import merge
    from benchbench.models.load import ModelSpec

    settings = {"dtype": merge.MERGE_DTYPE, "attn_implementation": None, "trust_remote_code": False}
    merge.merge_adapter(adapters, ModelSpec(settings, str(base)), folder, beside=tokenizer)


def _tokenizer_files(adapters: Path, base: Path) -> dict[str, Path]:
    """The tokenizer files beside the adapters if they are complete; else those of the base, overlaid with them.

    Raises:
        BenchError: neither has a vocabulary.
    """
    adapter_files, base_files = (
        {n: p for n, p in tokenizer_files(folder).items() if n != MODEL_CONFIG} for folder in (adapters, base)
    )
    if CONFIG in adapter_files and has_vocabulary(adapters):
        return adapter_files
    if not has_vocabulary(adapters):
        require_vocabulary(base)
    if any(TEMPLATE in name for name in adapter_files) or TEMPLATE in read_object(adapters / CONFIG):
        base_files = {name: path for name, path in base_files.items() if TEMPLATE not in name}
    return dict(sorted((base_files | adapter_files).items()))
