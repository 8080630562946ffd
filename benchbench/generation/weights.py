"""Whether a folder holds all weights of its model, and whether they can take the place of another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode

_WORDS_ABOUT_THE_FILE = frozenset(
    {"_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache", "initializer_range"}
)
"""Keys of a configuration that reach no number of trained weights in a given dtype."""


def weights_signature(folder: Path) -> dict[str, Any]:
    """What two models have in common where the weights of one can take the place of the other's.

    Raises:
        BenchError: the folder holds no safetensors, the one format that is read.
    """
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise BenchError(f"{folder}: expected weights as .safetensors, found none", exit_code=ExitCode.UNAVAILABLE)
    shapes: dict[str, list[int]] = {}
    for file in files:
        with safe_open(file, framework="np") as tensors:
            shapes |= {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118
    return {
        "config": {key: value for key, value in config.items() if key not in _WORDS_ABOUT_THE_FILE},
        "tensors": shapes,
    }


def refuse_missing(folder: Path, *, trust_remote_code: bool) -> None:
    """Refuse a folder without some of the model's weights, by names alone: no number is read.

    vLLM (0.31.0) checks embeddings and norms only; a linear layer that is not in the file keeps what was in memory.

    Raises:
        BenchError: naming weights that are not there.
    """
    from transformers import AutoModelForCausalLM

    loaded: Any = AutoModelForCausalLM.from_pretrained(
        folder,
        device_map="meta",
        local_files_only=True,
        trust_remote_code=trust_remote_code,
        output_loading_info=True,
    )
    if missing := sorted(loaded[1]["missing_keys"]):
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise BenchError(f"{folder}: expected all weights of the model, found none of {', '.join(missing[:3])}{more}")
