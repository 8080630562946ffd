"""The one way from a folder of whole weights to a model: all of its weights, no others, and from safetensors alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError, safe_open

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.model_files import model_files

_NO_WEIGHTS = re.compile(
    r"(^|\.)(attn|attention|attn\.attention|self_attn|self_attention)\.(bias|masked_bias|causal_mask)$"
    r"|(^|\.)(rotary_emb|rotary|attn|self_attn)\.inv_freq$"
)
"""What older versions saved beside the weights and newer ones compute: masks, and frequencies of positions."""

_UNREAD = (StrictDataclassError, AttributeError, KeyError, TypeError, ValueError)
"""What transformers raises for values of a configuration that no model of its type has."""
_NO_TYPE = "model type"
"""In its message for a type that it does not know; other ValueErrors are for whoever asked, such as of attention."""


def load_whole(kind: Any, folder: str | Path, *, trust_remote_code: bool, **how: Any) -> Any:
    """A model with the weights of a local folder, checked against what is in its files.

    Args:
        kind: auto class of transformers, such as `AutoModelForCausalLM`.
        folder: of whole weights.
        trust_remote_code: whether code that comes with the model is run.
        how: further arguments of `from_pretrained`.

    Raises:
        BenchError: exit code 5 for files that are not there or damaged; adapters; a configuration that is of no
            model; weights that the model has no place for or that it does not have; two heads where there should be
            one; a model that is not what its files hold.
    """
    files = model_files(Path(folder), trust_remote_code=trust_remote_code)
    if files.adapters:
        raise BenchError(f"{folder}: expected whole weights, found adapters; merge them into their base first")
    try:
        model, info = kind.from_pretrained(
            folder,
            trust_remote_code=trust_remote_code,
            local_files_only=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # they are named and refused below
            output_loading_info=True,
            **how,
        )
    except SafetensorError as error:
        raise BenchError(
            f"{folder}: a file of its weights is damaged ({error}); copy or download it again",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None
    except _UNREAD as error:
        if isinstance(error, ValueError) and _NO_TYPE not in str(error):
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise BenchError(
            f"{folder}: expected a model that transformers reads, found a configuration that it does not take "
            f"({said[:300]}); bring the one back that belongs to the weights"
        ) from None
    check_loaded(model, info, str(folder))
    _require_same(model, files.weights)
    return model


def check_loaded(model: Any, info: Mapping[str, Any], what: str) -> None:
    """Refuse a model some of whose weights were drawn, left out or changed; transformers would warn at most.

    Args:
        model: as `from_pretrained` gave it.
        info: its loading information.
        what: folder or name, for messages.

    Raises:
        BenchError: naming the weights.
    """
    if missing := sorted(info["missing_keys"]):
        raise BenchError(f"{what}: expected all weights of the model, found none of {_some(missing)}")
    if unfit := sorted(str(entry[0]) for entry in info["mismatched_keys"]):
        raise BenchError(f"{what}: expected weights of the sizes that config.json says, found others: {_some(unfit)}")
    if errors := [" ".join(str(error).split()) for error in info["error_msgs"]]:
        raise BenchError(f"{what}: expected weights that fit the model; transformers says: {errors[0][:300]}")
    buffers = {name for name, _ in model.named_buffers()}
    if alien := sorted(name for name in info["unexpected_keys"] if not _computed(name, buffers)):
        raise BenchError(
            f"{what}: expected the weights of a {type(model).__name__}, found some that it has no place for: "
            f"{_some(alien)}; without them it is not the model that was saved there"
        )
    if untied := _untied(model):
        raise BenchError(
            f"{what}: config.json says that {untied[0]} is {untied[1]} (tie_word_embeddings), and the file holds two "
            f"different ones; set tie_word_embeddings to false in it, or remove {untied[0]} from the file"
        )


def _computed(name: str, buffers: Collection[str]) -> bool:
    """Whether a tensor of the file is none of the weights, but something the model computes by itself."""
    return _NO_WEIGHTS.search(name) is not None or any(f".{buffer}".endswith(f".{name}") for buffer in buffers)


def _untied(model: Any) -> tuple[str, str] | None:
    """Two weights that the configuration makes one and the file does not, where there are such."""
    if not hasattr(model, "get_expanded_tied_weights_keys") or not hasattr(model, "all_tied_weights_keys"):
        return None
    tied = model.get_expanded_tied_weights_keys(all_submodels=True)
    apart = [(target, source) for target, source in tied.items() if target not in model.all_tied_weights_keys]
    return apart[0] if apart else None


@torch.no_grad()
def _require_same(model: Any, files: Collection[Path]) -> None:
    """Refuse a model whose weights are not those of its files, by the first row of each; few bytes are read.

    Weights that go by other names in the file, or that are joined or split on the way, are not looked at.
    """
    if getattr(model, "hf_quantizer", None) is not None:
        return
    held = {name: tensor for name, tensor in model.state_dict().items() if tensor.device.type != "meta" and tensor.ndim}
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    for path in files:
        with safe_open(path, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (no mapping)
                tensor, saved = held.get(name, held.get(prefix + name)), tensors.get_slice(name)
                if tensor is None or list(tensor.shape) != saved.get_shape() or _converted(model, name):
                    continue
                first = saved[:1].to(tensor.dtype)
                if not torch.allclose(first, tensor[:1].cpu(), rtol=0.0, atol=0.0, equal_nan=True):
                    raise BenchError(
                        f"{path}: {name}: expected the weights of the file in the model, found others; transformers "
                        "changes this kind of model when it loads it, so what is scored would not be what is saved"
                    )


def _converted(model: Any, name: str) -> bool:
    """Whether transformers may rename a tensor of the file or make another one of it."""
    patterns = [
        str(pattern)
        for conversion in getattr(model, "_weight_conversions", None) or ()
        for pattern in conversion.source_patterns
    ]
    return any(re.search(pattern.replace(".*.", r"\..*\."), name) for pattern in patterns)


def _some(names: Collection[str]) -> str:
    first = list(names)[:3]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
