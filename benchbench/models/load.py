"""Build, load and save policies: from a configuration, from pinned weights, with or without adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from benchbench.core.errors import BenchError
from benchbench.core.seeding import torch_seed
from benchbench.data.model_configuration import configuration_of
from benchbench.data.model_files import ADAPTER_FILE
from benchbench.data.model_size import machine_bytes, require_possible
from benchbench.data.tokenizer import id_bound, save_tokenizer
from benchbench.models.adapters import put_adapters
from benchbench.models.layout import use_packed_rows
from benchbench.models.loading import load_whole
from benchbench.models.logps import unwrap
from benchbench.models.positions import require_fixed_positions
from benchbench.models.rotary import use_quick_rotary
from benchbench.models.saving import save_whole


@dataclass(frozen=True)
class ModelSpec:
    """What a stage knows about the base model, as plain values."""

    settings: Mapping[str, Any]
    """The recipe's `model` section."""
    path: str | None
    """Local folder of the pinned weights; none for a model built from a configuration."""
    verify: Callable[[], None] = lambda: None
    """Raises where these weights are not those that were planned; called before and after they are read."""


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """Torch's global generators from one named stream, and as they were afterwards.

    transformers and peft initialise from the global generator; this keeps their draws to their own stream.
    """
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(torch_seed(seed, name))
        yield


def build_base(spec: ModelSpec, tokenizer: Any, *, seed: int | None) -> Any:
    """The model that training starts from; weights from the pinned folder, or drawn from the seed.

    Raises:
        BenchError: a vocabulary smaller than the tokenizer's; a configuration with a key that no model of its type
            reads; a folder without some of the weights.
    """
    if spec.path is not None:
        model = _pinned(spec.path, spec)
    else:
        assert seed is not None, "weights without a folder are drawn from a seed"
        sizes = {"vocab_size": id_bound(tokenizer), **spec.settings["from_config"]}
        require_possible(sizes, "model.from_config", most=machine_bytes(), bytes_per_weight=2)
        special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
        config = configuration_of({"vocab_size": id_bound(tokenizer), **special, **spec.settings["from_config"]})
        dtype, attention = getattr(torch, spec.settings["dtype"]), spec.settings["attn_implementation"]
        with seeded(seed, "initialisation"), _attention_of(spec, config.model_type), _writing_text(config.model_type):
            model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention)
        require_fixed_positions(config, f"model.from_config of type {config.model_type}")
        use_packed_rows(model)
        use_quick_rotary(model)
    rows = model.get_input_embeddings().weight.shape[0]
    if rows < id_bound(tokenizer):
        raise BenchError(
            f"model: the tokenizer has {id_bound(tokenizer)} entries, the model's vocabulary {rows}; "
            "name a tokenizer that belongs to the model"
        )
    return model


@contextmanager
def _writing_text(kind: str) -> Iterator[None]:
    """Where a configuration is of no model that writes text, or names a part that there is not."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        if isinstance(error, ValueError) and "Unrecognized configuration class" not in said:
            raise
        raise BenchError(
            f"model.from_config: expected a model that writes text, found a {kind} that is not made ({said[:200]})"
        ) from None


def _pinned(folder: str, spec: ModelSpec) -> Any:
    """The weights that a recipe pins, which did not change while they were read."""
    spec.verify()
    model = _from_folder(folder, spec)
    spec.verify()
    return model


def _from_folder(folder: str | Path, spec: ModelSpec) -> Any:
    """All weights of a folder and no others, in the recipe's precision and attention."""
    with _attention_of(spec, str(folder)):
        model = load_whole(
            AutoModelForCausalLM,
            folder,
            trust_remote_code=spec.settings["trust_remote_code"],
            dtype=getattr(torch, spec.settings["dtype"]),
            attn_implementation=spec.settings["attn_implementation"],
        )
    require_fixed_positions(model.config, str(folder))
    use_packed_rows(model)
    use_quick_rotary(model)
    return model


@contextmanager
def _attention_of(spec: ModelSpec, model: str) -> Iterator[None]:
    """Where a model has no such attention, or this machine has not."""
    try:
        yield
    except (ImportError, ValueError) as error:
        said = " ".join(str(error).split())
        if not any(word in said.lower() for word in ("attention", "attn_implementation")):
            raise
        raise BenchError(
            f"model.attn_implementation: {model}: expected one that the model has and that runs here, found "
            f"{spec.settings['attn_implementation']}; eager works with every model ({said[:200]})"
        ) from None


def context_length(model: Any) -> int | None:
    """Tokens the model can read at once, where its configuration says so."""
    return getattr(model.config, "max_position_embeddings", None)


def add_lora(model: Any, lora: Mapping[str, Any], *, seed: int, task: str = "CAUSAL_LM") -> Any:
    """Fresh adapters on a base model, drawn from the seed.

    Args:
        model: the base.
        lora: the recipe's `lora` section; `all-linear` is passed on to peft, which finds every linear layer (gpt2's
            Conv1D too) and leaves out the output head (peft.tuners.tuners_utils, `_maybe_include_all_linear_layers`).
        seed: of the adapters' first weights.
        task: peft's name of what the model does.

    Raises:
        BenchError: a target module the model does not have.
    """
    from peft import LoraConfig, TaskType, get_peft_model

    modules = lora["lora_target_modules"]
    named = modules if isinstance(modules, str) else list(modules)
    config = LoraConfig(
        r=lora["lora_r"],
        lora_alpha=lora["lora_alpha"],
        lora_dropout=lora["lora_dropout"],
        target_modules=named,
        bias="none",
        task_type=TaskType[task],
    )
    with seeded(seed, "adapter initialisation"):
        try:
            return get_peft_model(model, config)
        except ValueError as error:
            names = sorted({name.rsplit(".", 1)[-1] for name, m in model.named_modules() if isinstance(m, nn.Linear)})
            raise BenchError(
                f"lora.lora_target_modules: {named} not found in the model; "
                f"its linear layers are {', '.join(names)} ({str(error).splitlines()[0]})"
            ) from None


def load_trained(folder: Path, spec: ModelSpec, *, trainable: bool) -> Any:
    """The policy that a stage left in `folder`: whole weights, or adapters on the pinned base.

    Raises:
        BenchError: a folder without some of the weights; adapters that do not fit the base, or stand on others.
    """
    if not (folder / ADAPTER_FILE).is_file():
        return _from_folder(folder, spec)
    assert spec.path is not None, "adapters stand on pinned weights"
    if (Path(spec.path) / ADAPTER_FILE).is_file():
        raise BenchError(f"{folder}: its base {spec.path}: expected whole weights, found adapters; merge those first")
    return put_adapters(_pinned(spec.path, spec), folder, trainable=trainable)


def with_adapter(model: Any, folder: Path) -> Any:
    """A model with the frozen adapters of a folder on it; the model itself where there is no such folder.

    Raises:
        BenchError: adapters that do not fit the model.
    """
    if not (folder / ADAPTER_FILE).is_file():
        return model
    return put_adapters(model, folder, trainable=False)


def set_precision(model: nn.Module, dtype: torch.dtype) -> None:
    """Weights in `dtype`, all but those of adapters, which stay in float32 as peft trains and loads them.

    Buffers stay as the model made them: `model.to(dtype)` would round the rotary frequencies too, and a rounded
    frequency times a position in the hundreds is another angle.
    """
    for name, parameter in model.named_parameters():
        if ".lora_" not in name:
            parameter.data = parameter.data.to(dtype)


def save_trained(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write a folder that `AutoModelForCausalLM` and `AutoTokenizer` read back."""
    save_whole(model, folder)
    save_tokenizer(tokenizer, folder)


def disable_dropout(model: nn.Module) -> None:
    """Set every dropout probability to zero, also those that modules keep as numbers (`layerdrop` too)."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in [name for name, value in vars(module).items() if "drop" in name and isinstance(value, float)]:
            setattr(module, name, 0.0)


def use_checkpointing(model: Any) -> None:
    """Recompute activations in the backward pass."""
    plain = unwrap(model)
    plain.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if hasattr(plain, "enable_input_require_grads"):
        plain.enable_input_require_grads()
