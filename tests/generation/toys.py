"""Small models and prompts; a process that plays vLLM's part."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from harness import ROOT

from benchbench.core.generation import Sampling
from benchbench.models.load import seeded

TRAINED = ROOT / "results" / "reference" / "tiny" / "checkpoint"
"""A real trained model of 0.9 M parameters, head size 32."""
VOCAB, EOS = 301, 1


def greedy(new_tokens: int = 24, *, stop: tuple[int, ...] = (EOS,), penalty: float = 1.0) -> Sampling:
    return Sampling(new_tokens, 0.0, 1.0, 0, 0.0, penalty, stop)


def sampled(
    new_tokens: int = 24,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    min_p: float = 0.0,
    penalty: float = 1.0,
    stop: tuple[int, ...] = (EOS,),
) -> Sampling:
    return Sampling(new_tokens, temperature, top_p, top_k, min_p, penalty, stop)


def neox(folder: Path, seed: int, *, heads: int = 4, layers: int = 4, tied: bool = False) -> Path:
    """A random GPT-NeoX of the trained model's configuration, so that one vLLM serves both; head size 128 / heads.

    Its weights are large enough for greedy answers to differ from prompt to prompt.
    """
    from transformers import AutoConfig, GPTNeoXForCausalLM

    config = AutoConfig.from_pretrained(
        TRAINED, num_attention_heads=heads, num_hidden_layers=layers, tie_word_embeddings=tied, initializer_range=0.1
    )
    with seeded(seed, "toy model"):
        GPTNeoXForCausalLM(config).save_pretrained(folder)
    return folder


def prompts(count: int, *, longest: int = 60, seed: int = 0) -> dict[str, list[int]]:
    """Prompts of random tokens and of all lengths from 1."""
    draw = random.Random(seed)
    return {f"p{i}": [draw.randrange(4, VOCAB) for _ in range(draw.randint(1, longest))] for i in range(count)}


def logits_after(folder: Path, prompt: list[int]) -> torch.Tensor:
    """[V] logits of the token after a prompt, from transformers and without any padding."""
    from transformers import AutoModelForCausalLM

    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([prompt])).logits[0, -1]
