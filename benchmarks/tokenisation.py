"""Texts to token rows: benchbench's tokenisation beside the preparation of TRL's trainer."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from typing import Any

from benchbench.core.example import Example, Message
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenizer import train_tokenizer
from benchbench.recipe.model import TokenizerTraining
from benchbench.recipe.schema import TokenizationSection
from benchmarks.machine import clock
from benchmarks.mixes import Mix, make_model
from benchmarks.worker import Round

SECTION = TokenizationSection.model_validate(
    {
        "template": {"user": "{content} ", "assistant": "{content}", "generation_prompt": ""},
        "add_bos": False,
        "append_eos": True,
        "max_length": 4096,
        "truncation": "right",
    }
)
SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
VOCABULARY = 512
OF_ONE = 16
"""How many times as many rows are tokenised as are trained in an epoch; a row takes a millisecond."""


def make_texts(mix: Mix) -> list[tuple[str, str, str]]:
    """Prompt, chosen and rejected responses of made-up words, with the mix's lengths."""
    draw = random.Random(0)

    def text(tokens: int) -> str:
        words = ("".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(max(1, tokens // 2)))
        return " ".join(words)

    texts = []
    for _ in range(OF_ONE * mix.count):
        prompt, (chosen, rejected) = mix.draw(draw)
        texts.append((text(prompt), text(chosen), text(rejected)))
    return texts


def train_on(texts: list[tuple[str, str, str]]) -> Any:
    """A tokenizer of the first of them."""
    words = [text for row in texts[:200] for text in row]
    return train_tokenizer(words, TokenizerTraining(vocab_size=VOCABULARY, split="train"))


class OurTokenisation:
    """What a stage does with its split."""

    def __init__(self, mix: Mix) -> None:
        texts = make_texts(mix)
        self._tokenizer = train_on(texts)
        self._examples = [
            Example(str(i), (Message("user", prompt),), (chosen, rejected))
            for i, (prompt, chosen, rejected) in enumerate(texts)
        ]

    def __call__(self) -> Round:
        """All rows once."""
        with clock() as main:
            tokenized = tokenize_examples(self._examples, self._tokenizer, SECTION, on_empty="error")
        return Round(main, values=(float(len(tokenized.examples)),))


class TrlTokenisation:
    """What TRL's trainer does with its data set before it trains."""

    def __init__(self, mix: Mix) -> None:
        texts = make_texts(mix)
        self._tokenizer = train_on(texts)
        self._mix = replace(mix, shape=replace(mix.shape, vocabulary=VOCABULARY, hidden=32, layers=1, heads=2))
        self._rows = [
            {"prompt": prompt + " ", "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in texts
        ]
        self._rounds = 0

    def __call__(self) -> Round:
        """All rows once."""
        from datasets import Dataset
        from trl.trainer.dpo_config import DPOConfig
        from trl.trainer.dpo_trainer import DPOTrainer

        elapsed = clock()

        class Timed(DPOTrainer):
            def _prepare_dataset(self, *arguments: Any, **named: Any) -> Any:
                with elapsed as self.preparing:
                    return super()._prepare_dataset(*arguments, **named)

        self._rounds += 1
        rows = Dataset.from_list([row | {"round": self._rounds} for row in self._rows])
        with tempfile.TemporaryDirectory() as folder:
            settings = DPOConfig(output_dir=folder, use_cpu=True, report_to="none", max_length=SECTION.max_length)
            model, reference = make_model(self._mix), make_model(self._mix)
            trainer = Timed(
                model=model, ref_model=reference, args=settings, train_dataset=rows, processing_class=self._tokenizer
            )
        return Round(trainer.preparing, values=(float(len(rows)),))
