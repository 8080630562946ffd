"""Whether a folder holds all weights of its model, and whether they can take the place of another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchbench.data.json_files import object_in
from benchbench.data.model_files import model_files
from benchbench.data.tensor_files import tensor_table

_WORDS_ABOUT_THE_FILE = frozenset(
    {"_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache", "initializer_range"}
)
"""Keys of a configuration that reach no number of trained weights in a given dtype."""


def weights_signature(folder: Path) -> dict[str, Any]:
    """What two models have in common where the weights of one can take the place of the other's.

    Raises:
        BenchError: exit code 5; no safetensors weights, the one format that is read, or not all of them; a
            configuration that is no JSON object.
    """
    config = object_in(folder / "config.json")
    shapes = {name: entry.shape for file in model_files(folder).weights for name, entry in tensor_table(file).items()}
    return {
        "config": {key: value for key, value in config.items() if key not in _WORDS_ABOUT_THE_FILE},
        "tensors": shapes,
    }


def refuse_missing(folder: Path, *, trust_remote_code: bool) -> None:
    """Refuse a folder without some of the model's weights, or with others, by names alone: no number is read.

    vLLM (0.31.0) checks embeddings and norms only; a linear layer that is not in the file keeps what was in memory.

    Raises:
        BenchError: naming the weights.
    """
    from transformers import AutoModelForCausalLM

    from benchbench.models.loading import load_whole

    load_whole(AutoModelForCausalLM, folder, trust_remote_code=trust_remote_code, device_map="meta")


@contextmanager
def alone(folder: Path, *, trust_remote_code: bool) -> Iterator[Path]:
    """A folder with the files that are read of a model and no others.

    vLLM reads every safetensors file of a folder without index, and a configuration in another project's format
    beside such files; where the folder has some, this is one of links that has none.

    Raises:
        BenchError: as `model_files`.
    """
    files = model_files(folder, trust_remote_code=trust_remote_code)
    if not files.strays:
        yield folder
        return
    with TemporaryDirectory(prefix="bench-model-") as links:
        for path in files.read:
            (Path(links) / path.name).symlink_to(path.resolve())
        yield Path(links)
