"""A classifier with one label and random weights, as a folder in the hub's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, LlamaConfig, PreTrainedTokenizerFast

from benchbench.data.tokenizer import train_tokenizer
from benchbench.models.load import seeded
from benchbench.recipe.model import TokenizerTraining

TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|> {{ m['content'] }} {{ eos_token }}{% endfor %}"


def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of letters, with a chat template."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = [f"{a}{b} {b}{a} , . : ? ! A B C W I h 0 1 2 3 4 5 6 7 8 9" for a in letters for b in letters]
    special = ("<|user|>", "<|assistant|>", "<|system|>")
    made = train_tokenizer(texts, TokenizerTraining(vocab_size=200, split="sft", special_tokens=special))
    made.chat_template = TEMPLATE
    return made


def classifier_folder(folder: Path, *, labels: int = 1, template: bool = True, seed: int = 0) -> Any:
    """Write it; the model comes back for direct computation."""
    words = tokenizer()
    if not template:
        words.chat_template = None
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=192,
        initializer_range=0.3,
        num_labels=labels,
        pad_token_id=words.pad_token_id,
    )
    with seeded(seed, "toy"):
        model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder, safe_serialization=True)
    words.save_pretrained(folder)
    return model.eval()
