"""A classifier with one label and random weights, as a folder in the hub's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DistilBertConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
)

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


def sentiment_folder(folder: Path, *, seed: int = 0) -> Any:
    """A DistilBERT of letters with random weights and the labels of a published one; the model comes back."""
    letters = "abcdefghijklmnopqrstuvwxyz.,:?!0123456789"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in vocabulary), encoding="utf-8")
    AutoTokenizer.from_pretrained(folder, config=DistilBertConfig()).save_pretrained(folder)
    config = DistilBertConfig(
        vocab_size=len(vocabulary),
        dim=16,
        hidden_dim=32,
        n_layers=1,
        n_heads=2,
        max_position_embeddings=256,
        initializer_range=0.5,
        id2label={0: "NEGATIVE", 1: "POSITIVE"},
        label2id={"NEGATIVE": 0, "POSITIVE": 1},
    )
    with seeded(seed, "sentiment"):
        model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder, safe_serialization=True)
    return model.eval()
