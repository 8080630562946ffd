"""Models of a few thousand weights, a tokenizer of a few dozen tokens, and batches for them."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.core.batch import CandidateBatch
from benchbench.data.tokenizer import train_tokenizer
from benchbench.models.load import ModelSpec, seeded
from benchbench.recipe.model import TokenizerTraining

VOCABULARY = 61

SIZES: dict[str, dict[str, Any]] = {
    "gpt_neox": {"intermediate_size": 48, "initializer_range": 0.3},
    "llama": {"intermediate_size": 48, "num_key_value_heads": 2, "initializer_range": 0.3},
    "gemma2": {
        "intermediate_size": 48,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "initializer_range": 0.5,
        "final_logit_softcapping": 2.0,
    },
    "cohere": {"intermediate_size": 48, "num_key_value_heads": 2, "initializer_range": 0.3, "logit_scale": 0.25},
    "granite": {"intermediate_size": 48, "num_key_value_heads": 2, "initializer_range": 0.3, "logits_scaling": 4.0},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 24, "init_std": 0.3},
    "gpt2": {},
    "bloom": {},
    "phi": {"intermediate_size": 48, "num_key_value_heads": 2, "initializer_range": 0.3},
    **{
        kind: {"intermediate_size": 48, "num_key_value_heads": 2, "initializer_range": 0.3}
        for kind in ("qwen2", "qwen3", "mistral", "gemma3_text", "phi3", "mixtral", "olmo2", "smollm3", "stablelm")
    },
    "falcon": {"initializer_range": 0.3},
    "mamba": {},
    "rwkv": {},
}
"""Sizes by model type, beyond those that all share; weights large enough that logits differ."""


def configuration(kind: str, **changes: Any) -> dict[str, Any]:
    """What a recipe would say under `model.from_config`."""
    names = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "max_position_embeddings": 64}
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    sizes = {"vocab_size": VOCABULARY, **names, **special, **SIZES[kind]} | changes
    if kind in ("bloom", "falcon", "mamba", "rwkv"):
        del sizes["max_position_embeddings"]
    if "num_key_value_heads" in sizes:
        sizes["num_attention_heads"] = 2
    return {"model_type": kind, **sizes}


def tiny(kind: str = "gpt_neox", *, seed: int = 0, dtype: torch.dtype = torch.float32, **changes: Any) -> Any:
    """A model with random weights, in eval mode."""
    with seeded(seed, "toy"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**configuration(kind, **changes)), dtype=dtype)
    return model.eval()


def spec(kind: str = "gpt_neox", *, dtype: str = "float32", path: str | None = None, **changes: Any) -> ModelSpec:
    """The base model of a recipe."""
    unpinned = ("vocab_size", "pad_token_id", "bos_token_id", "eos_token_id")
    config = {k: v for k, v in configuration(kind).items() if k not in unpinned} | changes
    settings = {
        "from_config": config if path is None else None,
        "dtype": dtype,
        "attn_implementation": "sdpa",
        "trust_remote_code": False,
    }
    return ModelSpec(settings, path)


@cache
def tokenizer() -> Any:
    """A tokenizer of 40 tokens."""
    texts = ["red and blue make purple", "one and two make three", "so it is"]
    return train_tokenizer(texts, TokenizerTraining(vocab_size=40, split="sft"))


def batch(*, examples: int = 3, candidates: int = 2, length: int = 11, seed: int = 0) -> CandidateBatch:
    """Random rows of 3 to 11 tokens, of which the last 1 to all but one are the response."""
    rng = torch.Generator().manual_seed(seed)
    shape = (examples, candidates)
    ends = torch.randint(3, length + 1, shape, generator=rng)
    ends[0, 0] = length
    starts = 1 + (torch.rand(shape, generator=rng) * (ends - 1)).long()
    at = torch.arange(length)
    attention = at < ends[..., None]
    tokens = torch.randint(2, 40, (*shape, length), generator=rng).where(attention, torch.tensor(0))
    return CandidateBatch(
        ids=tuple(f"e{i}" for i in range(examples)),
        tokens=tokens,
        attention=attention,
        response=attention & (at >= starts[..., None]),
    )


def padded(given: CandidateBatch, by: int) -> CandidateBatch:
    """The same rows with more padding on the right."""
    grow = torch.nn.functional.pad
    return CandidateBatch(
        given.ids, grow(given.tokens, (0, by)), grow(given.attention, (0, by)), grow(given.response, (0, by))
    )


def logps_by_hand(model: Any, given: CandidateBatch, *, dtype: torch.dtype = torch.float64) -> Tensor:
    """[B, K, T] from all logits of each row alone, without padding; differentiable."""
    out = []
    for b in range(given.tokens.shape[0]):
        for k in range(given.tokens.shape[1]):
            row = given.tokens[b, k][given.attention[b, k]]
            logits = model(input_ids=row[None], use_cache=False).logits[0].to(dtype)  # [T, V]
            logps = logits.log_softmax(dim=-1)
            token = [
                logps[t - 1, row[t]] if t < len(row) and given.response[b, k, t] else logps.new_zeros(())
                for t in range(given.tokens.shape[-1])
            ]
            out.append(torch.stack(token))
    return torch.stack(out).reshape(given.tokens.shape)
