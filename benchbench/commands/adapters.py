"""A folder of adapters from elsewhere, such as TRL saves with LoRA, made one with the base that it names."""

from __future__ import annotations

from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.plan.weights import TOKENIZER_PATTERNS, WEIGHT_PATTERNS, resolve_folder, weights_hash
from benchbench.store.files import read_json

ADAPTER_FILE = "adapter_config.json"
BASE = "base_model_name_or_path"


def is_adapters_alone(folder: Path) -> bool:
    """Whether a folder holds adapters and no whole weights."""
    return (folder / ADAPTER_FILE).is_file() and not (folder / "config.json").is_file()


def whole_weights(adapters: Path, root: Path) -> Path:
    """Base plus adapters in float32, as a model folder under `root`; what was merged before is not merged again.

    Args:
        adapters: folder with adapter_config.json.
        root: of the run store; the folder's name is the hash of both contents.

    Raises:
        BenchError: adapters without a base, a base on the hub without a commit, or weights that cannot be had (exit
            code 5).
    """
    config = read_json(adapters / ADAPTER_FILE)
    name, where = config.get(BASE), f"{adapters / ADAPTER_FILE}: {BASE}"
    if not isinstance(name, str) or not name:
        raise BenchError(f"{where}: expected the model that the adapters stand on, found none; name it there")
    wanted = WEIGHT_PATTERNS + TOKENIZER_PATTERNS
    base = resolve_folder(name, config.get("revision"), adapters, patterns=wanted, where=where)
    folder = root / "merged" / fingerprint({"adapters": weights_hash(adapters), "base": weights_hash(base)})
    if not folder.is_dir():
        _merge(adapters, base, folder)
    return folder


def _merge(adapters: Path, base: Path, folder: Path) -> None:
    from benchbench.generation.merge import MERGE_DTYPE, merge_adapter
    from benchbench.models.load import ModelSpec

    tokenizer = _tokenizer_files(adapters) or _tokenizer_files(base)
    settings = {"dtype": MERGE_DTYPE, "attn_implementation": None, "trust_remote_code": False}
    folder.parent.mkdir(parents=True, exist_ok=True)
    merge_adapter(adapters, ModelSpec(settings, str(base)), folder, beside=tokenizer)


def _tokenizer_files(folder: Path) -> list[Path]:
    return sorted({path for pattern in TOKENIZER_PATTERNS for path in folder.glob(pattern) if path.is_file()})
