"""Build, load and save policies: from a configuration, from pinned weights, with or without adapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.core.errors import BenchError
from benchbench.core.seeding import torch_seed
from benchbench.models.logps import unwrap

ADAPTER_FILE = "adapter_config.json"


@dataclass(frozen=True)
class ModelSpec:
    """What a stage knows about the base model, as plain values."""

    settings: Mapping[str, Any]
    """The recipe's `model` section."""
    path: str | None
    """Local folder of the pinned weights; none for a model built from a configuration."""


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """Torch's global generators from one named stream, and as they were afterwards.

    transformers and peft initialise from the global generator; this keeps their draws to their own stream.
    """
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(torch_seed(seed, name))
        yield


def build_base(spec: ModelSpec, tokenizer: Any, *, seed: int) -> Any:
    """The model that training starts from; weights from the pinned folder, or drawn from the seed.

    Raises:
        BenchError: a vocabulary smaller than the tokenizer's.
    """
    dtype = getattr(torch, spec.settings["dtype"])
    attention = spec.settings["attn_implementation"]
    if spec.path is not None:
        model = AutoModelForCausalLM.from_pretrained(
            spec.path,
            dtype=dtype,
            attn_implementation=attention,
            trust_remote_code=spec.settings["trust_remote_code"],
            local_files_only=True,
        )
    else:
        values = {"vocab_size": len(tokenizer)} | dict(spec.settings["from_config"])
        config = AutoConfig.for_model(
            **values,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        with seeded(seed, "initialisation"):
            model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention)
    rows = model.get_input_embeddings().weight.shape[0]
    if rows < len(tokenizer):
        raise BenchError(
            f"model: the tokenizer has {len(tokenizer)} entries, the model's vocabulary {rows}; "
            "name a tokenizer that belongs to the model"
        )
    return model


def context_length(model: Any) -> int | None:
    """Tokens the model can read at once, where its configuration says so."""
    return getattr(model.config, "max_position_embeddings", None)


def add_lora(model: Any, lora: Mapping[str, Any], *, seed: int, task: str = "CAUSAL_LM") -> Any:
    """Fresh adapters on a base model, drawn from the seed.

    Raises:
        BenchError: a target module the model does not have.
    """
    from peft import LoraConfig, TaskType, get_peft_model

    config = LoraConfig(
        r=lora["lora_r"],
        lora_alpha=lora["lora_alpha"],
        lora_dropout=lora["lora_dropout"],
        target_modules=list(lora["lora_target_modules"]),
        bias="none",
        task_type=TaskType[task],
    )
    with seeded(seed, "adapter initialisation"):
        try:
            return get_peft_model(model, config)
        except ValueError as error:
            names = sorted({name.rsplit(".", 1)[-1] for name, m in model.named_modules() if isinstance(m, nn.Linear)})
            raise BenchError(
                f"lora.lora_target_modules: {list(lora['lora_target_modules'])} not found in the model; "
                f"its linear layers are {', '.join(names)} ({str(error).splitlines()[0]})"
            ) from None


def load_trained(folder: Path, spec: ModelSpec, *, trainable: bool) -> Any:
    """The policy that a stage left in `folder`: whole weights, or adapters on the pinned base."""
    dtype = getattr(torch, spec.settings["dtype"])
    attention = spec.settings["attn_implementation"]
    if not (folder / ADAPTER_FILE).is_file():
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, attn_implementation=attention, local_files_only=True
        )
    from peft import PeftModel

    base = AutoModelForCausalLM.from_pretrained(
        spec.path, dtype=dtype, attn_implementation=attention, local_files_only=True
    )
    return PeftModel.from_pretrained(base, str(folder), is_trainable=trainable)


def save_trained(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write a folder that `AutoModelForCausalLM` and `AutoTokenizer` read back."""
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


def disable_dropout(model: nn.Module) -> None:
    """Set every dropout probability to zero, also those kept as numbers on attention modules."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in ("attention_dropout", "hidden_dropout", "attn_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)


def use_checkpointing(model: Any) -> None:
    """Recompute activations in the backward pass."""
    plain = unwrap(model)
    plain.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if hasattr(plain, "enable_input_require_grads"):
        plain.enable_input_require_grads()
