"""A tiny GPT-NeoX, its adapters and its rows, for the script that makes the fixtures and for the test that reads them.

Both sides run different versions of every library but numpy's PCG64, so nothing here is left to a library: every
tensor is drawn from the hash of its own name, and the model folder is written as plain files.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

TOKENIZER = "tokenizers/neox_20b"
"""Pythia's, with its padding token, below the folder of shared data."""
LORA = {"r": 16, "alpha": 32, "targets": ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")}
"""The published adapters; their dropout is 0 here, since its draws are no part of a protocol."""
HIDDEN, INNER, LAYERS, VOCABULARY = 32, 128, 2, 50_304
CONFIG = {
    "architectures": ["GPTNeoXForCausalLM"],
    "model_type": "gpt_neox",
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "max_position_embeddings": 2048,
    "rotary_pct": 1.0,  # 16 rotary dimensions, as many as Pythia-410M has
    "rotary_emb_base": 10_000,
    "use_parallel_residual": True,
    "hidden_act": "gelu",
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    "layer_norm_eps": 1e-5,
    "initializer_range": 0.02,
    "tie_word_embeddings": False,
    "bos_token_id": 0,
    "eos_token_id": 0,
}

# A name is file/id, then what is done to the row: `no chosen` and `no rejected` blank that side.
_UFB, _HH, _LFS, _BAR = "ultrafeedback_binarized", "hh_rlhf_helpful", "instruction_politeness", "llmbar"
TRAIN = (
    *(f"{_UFB}/ufb-{n}" for n in (5849, 20130, 46150, 4977, 53632)),
    *(f"{_HH}/hh-{n}" for n in ("0001", "0003", "0004", "0011", "0022")),
    *(f"{_LFS}/lfs-{n}" for n in ("0001", "0002", "0004", "0005")),
    *(f"{_BAR}/llmbar-Natural-{n}" for n in ("001", "005", "010", "016")),
    f"{_LFS}/lfs-0006/no chosen",
    f"{_BAR}/llmbar-Natural-020/no rejected",
    # from here on longer than 128 tokens: one side, the other, both, a prompt of 127 tokens, prompts of more
    f"{_UFB}/ufb-43502",
    f"{_UFB}/ufb-43507",
    f"{_UFB}/ufb-27808",
    f"{_BAR}/llmbar-Natural-013",
    f"{_UFB}/ufb-59070",
    f"{_UFB}/ufb-39878",
    f"{_HH}/hh-0000",
    f"{_UFB}/ufb-7618",
)
"""28 pairs, at most 128 tokens of each are read; the last 8 are longer."""
TEST = (
    *(f"{_UFB}/ufb-{n}" for n in (5849, 27808, 39477)),
    *(f"{_LFS}/lfs-{n}" for n in ("0001", "0002")),
    f"{_LFS}/lfs-0006/no chosen",
    *(f"{_HH}/hh-{n}" for n in ("0000", "0008")),
    # from here on longer than 768 tokens: one side, the other, both
    *(f"{_UFB}/ufb-{n}" for n in (39878, 20195, 1203, 45419)),
    # a long prompt and a long response: the mask of the uncut prompt loses most of what is left
    *(f"{_UFB}/ufb-{n}" for n in (33755, 38650, 2341)),
    # the prompt alone is longer, in the last two with an empty side
    *(f"{_UFB}/ufb-{n}" for n in (33449, 26874, 7618, 28230)),
)
"""19 held-out pairs, at most 768 tokens of each are read."""


def rows(names: Sequence[str], shared: Path) -> list[dict[str, Any]]:
    """Pairs by name: `id`, `prompt` as messages, `chosen` and `rejected` as text."""
    files: dict[str, dict[str, Any]] = {}
    found = []
    for name in names:
        file, row_id, *change = name.split("/")
        if file not in files:
            with gzip.open(shared / "pairs" / f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
                files[file] = {row["id"]: row for row in map(json.loads, lines)}
        row = {"id": name.replace("/", " ")} | {k: files[file][row_id][k] for k in ("prompt", "chosen", "rejected")}
        found.append(row | {side.removeprefix("no "): "" for side in change})
    return found


def values(tag: str, name: str, shape: Sequence[int]) -> np.ndarray:
    """Float32 values of one tensor, drawn from the hash of its tag and name alone."""
    seed = int.from_bytes(hashlib.sha256(f"{tag}/{name}".encode()).digest()[:8], "little")
    drawn = np.random.Generator(np.random.PCG64(seed)).standard_normal(tuple(shape))
    if name.endswith("bias"):
        return (0.05 * drawn).astype(np.float32)
    if len(shape) == 1:
        return (1 + 0.1 * drawn).astype(np.float32)
    scale = 0.05 if "lora" in name else 0.2
    return (scale * drawn).astype(np.float32)


def canonical(name: str) -> str | None:
    """The name under which an adapter's or a reward head's tensor is known on both sides; none for any other."""
    found = re.search(r"(layers\.\d+\..*\.lora_[AB])\b", name)
    if found:
        return found.group(1)
    return "head" if re.search(r"(^|\.)(score|head)\b.*weight$", name) and "original_module" not in name else None


def fill(tensors: Mapping[str, Any], tag: str) -> None:
    """Set the adapters' and the head's tensors (of torch) among these to the values of a tag, in place."""
    import torch

    with torch.no_grad():
        for name, tensor in tensors.items():
            known = canonical(name)
            if known is not None and ".ref." not in name:
                tensor.copy_(torch.from_numpy(values(tag, known, tensor.shape)))


def fill_file(path: Path, tag: str) -> None:
    """The same for a file of safetensors; names, shapes and precision stay."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    if set(tensors) == {"weight"}:  # a head by itself
        fill({"head.weight": tensors["weight"]}, tag)
    else:
        fill(tensors, tag)
    save_file(tensors, path, metadata={"format": "pt"})


def write_model(folder: Path, shared: Path) -> None:
    """The base model with its tokenizer, in the hub's format, float32."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    shapes = {"gpt_neox.embed_in.weight": (VOCABULARY, HIDDEN), "embed_out.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        linear = {
            "attention.query_key_value": (3 * HIDDEN, HIDDEN),
            "attention.dense": (HIDDEN, HIDDEN),
            "mlp.dense_h_to_4h": (INNER, HIDDEN),
            "mlp.dense_4h_to_h": (HIDDEN, INNER),
        }
        for name, shape in linear.items():
            shapes[f"gpt_neox.layers.{layer}.{name}.weight"] = shape
            shapes[f"gpt_neox.layers.{layer}.{name}.bias"] = shape[:1]
        for name in ("input_layernorm", "post_attention_layernorm"):
            shapes |= {f"gpt_neox.layers.{layer}.{name}.{kind}": (HIDDEN,) for kind in ("weight", "bias")}
    shapes |= {f"gpt_neox.final_layer_norm.{kind}": (HIDDEN,) for kind in ("weight", "bias")}
    weights = {name: values("base", name, shape) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
    for file in (shared / TOKENIZER).iterdir():
        shutil.copyfile(file, folder / file.name)


def machine() -> dict[str, Any]:
    """What bits of bfloat16 depend on: torch, and what its kernels find in the processor."""
    import torch

    cpu = Path("/proc/cpuinfo")
    flags = set(cpu.read_text(encoding="utf-8").split()) if cpu.is_file() else set()
    kept = sorted(flags & {"avx512_bf16", "amx_bf16", "avx512f", "avx2"})
    return {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability(), "flags": kept}


def digest(tokens: Sequence[int], scored: tuple[int, int]) -> str:
    """Identity of one token row with its half-open range of scored tokens."""
    return hashlib.sha256(json.dumps([list(map(int, tokens)), list(scored)]).encode()).hexdigest()[:16]
