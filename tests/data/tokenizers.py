"""Small tokenizers trained on the spot: one word-like, one of bytes, one with a chat template."""

from __future__ import annotations

from functools import lru_cache

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from benchbench.data.tokenizer import train_tokenizer
from benchbench.recipe.model import TokenizerTraining
from benchbench.recipe.schema import PlainTemplate, TokenizationSection

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = "the cat sat on the mat ; a dog ran to the cat and the mat . one two three four five six seven eight ."


@lru_cache
def words() -> PreTrainedTokenizerFast:
    """One token per word of `TEXT`; role marks are special tokens; no BOS."""
    training = TokenizerTraining(vocab_size=500, split="sft", special_tokens=("<|user|>", "<|assistant|>"))
    return train_tokenizer([TEXT] * 3, training)


def bytes_with(**special: str) -> PreTrainedTokenizerFast:
    """Byte-level BPE with merges such as "ab"; every text is encodable."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(["abab abab ab\n\n\n\n"] * 20, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        clean_up_tokenization_spaces=False,
        **{"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", **special},
    )


def marks() -> PlainTemplate:
    """`<|user|>...<|assistant|>` without anything between."""
    return PlainTemplate(
        system="{content}",
        user="<|user|>{content}",
        assistant="<|assistant|>{content}",
        generation_prompt="<|assistant|>",
    )


def plain() -> PlainTemplate:
    """Nothing around any turn, nothing stripped."""
    return PlainTemplate(system="{content}", user="{content}", assistant="{content}", strip=False)


def section(**changes: object) -> TokenizationSection:
    """A section with roomy limits."""
    values = {"add_bos": False, "append_eos": True, "max_length": 64, "truncation": "right", "template": marks()}
    return TokenizationSection(**{**values, **changes})  # type: ignore[arg-type]
