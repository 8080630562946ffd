"""Sampled answers of a finished stage's model on the toy world's test prompts."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchbench.core.example import Example
from benchbench.core.seeding import torch_seed
from benchbench.sources.toy.gold import GoldParts, gold_reward

NEW_TOKENS = 48


def sample(folder: Path, examples: list[Example], *, seed: int) -> list[GoldParts]:
    """One answer per prompt at temperature 1, judged by the world itself."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    prompts = [f"<|user|> {example.prompt[-1].content} <|assistant|>" for example in examples]
    batch = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False, return_token_type_ids=False)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(torch_seed(seed, "sampled answers"))
        out = model.generate(
            **batch,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=NEW_TOKENS,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    answers = out[:, batch["input_ids"].shape[1] :]
    parts = []
    for example, row in zip(examples, answers, strict=True):
        ended = bool((row == tokenizer.eos_token_id).any())
        text = tokenizer.decode(row, skip_special_tokens=True).strip()
        parts.append(gold_reward(example.prompt[-1].content, text, ended=ended))
    return parts
