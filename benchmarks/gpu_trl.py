"""TRL's DPO trainer on a card, as it comes and tuned; apart, so that without TRL the rest is measured."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from datasets import Dataset
from peft import LoraConfig
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import PreTrainedTokenizerFast, TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from benchbench.data.tokenized import TokenizedExample

WARM_UP_STEPS = 2
"""Left out of the time."""


class _Clock(TrainerCallback):
    """When steps ended; Trainer waits for the card in each, since it logs each."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_log(self, *unused: Any, **ignored: Any) -> None:
        self.ends.append(time.perf_counter())


def pairs_per_second(
    model: Any, pairs: Sequence[TokenizedExample], *, lora: bool, tuned: bool, fake: bool, batch: int
) -> float:
    """Of one epoch over the pairs, after the first steps.

    Tuned: no checkpointing, and the reference's log-probabilities computed once before. As it comes: checkpointing, the
    reference run in every step. bfloat16 autocast in both.
    """
    tuning: dict[str, Any] = {"gradient_checkpointing": False, "precompute_ref_log_probs": True} if tuned else {}
    vocabulary = {f"w{number}": number for number in range(model.config.vocab_size)}
    words = Tokenizer(WordLevel(vocabulary, unk_token="w0"))
    words.pre_tokenizer = WhitespaceSplit()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="w0", eos_token="w1", unk_token="w0")
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = DPOTrainer(
            model=model,
            ref_model=None if lora or tuned else copy.deepcopy(model),  # TRL would look its name up
            args=DPOConfig(
                output_dir=folder,
                per_device_train_batch_size=batch,
                num_train_epochs=2 if fake else 1,
                max_length=1024,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=fake,
                bf16=True,
                **tuning,
            ),
            train_dataset=Dataset.from_list([_row(pair) for pair in (*pairs,) * (4 if fake else 2)]),
            processing_class=tokenizer,
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear") if lora else None,
            callbacks=[clock],
        )
        trainer.train()
    ends = clock.ends[WARM_UP_STEPS:-1]  # the last line is the epoch's summary
    return (len(ends) - 1) * batch / (ends[-1] - ends[0])


def _row(pair: TokenizedExample) -> dict[str, str]:
    chosen, rejected = pair.candidates
    prompt = chosen.tokens[: chosen.response[0]]
    responses = (row.tokens[slice(*row.response)] for row in (chosen, rejected))
    texts = [" ".join(f"w{token}" for token in tokens) for tokens in (prompt, *responses)]
    return {"prompt": texts[0] + " ", "chosen": texts[1], "rejected": texts[2]}
