"""TRL's DPO trainer on the same pairs, as it comes and tuned.

Tuned: the precision of the other side, no checkpointing, the reference's log-probabilities computed once before. As it
comes: bfloat16, checkpointing, the reference run in every step. Batch, learning rate, schedule and order are the other
side's in both.
"""

from __future__ import annotations

import tempfile
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from benchmarks.machine import Elapsed, clock
from benchmarks.mixes import Mix, make_examples, make_model, make_tokenizer, text_rows
from benchmarks.worker import Round

LEARNING_RATE = 1e-4


class _Timed(DPOTrainer):
    """The trainer, with its reference pass timed."""

    reference: Elapsed

    def _precompute_ref_logps(self, *arguments: Any, **named: Any) -> Any:
        with clock() as self.reference:
            return super()._precompute_ref_logps(*arguments, **named)


class _Clock(TrainerCallback):
    """Times what lies between the beginning and the end of training; set-up is not counted."""

    def __init__(self) -> None:
        self._running: Any = None
        self.elapsed = Elapsed()

    def on_train_begin(self, *unused: Any, **ignored: Any) -> None:
        """Start."""
        self._running = clock()
        self.elapsed = self._running.__enter__()

    def on_train_end(self, *unused: Any, **ignored: Any) -> None:
        """Stop."""
        self._running.__exit__(None, None, None)


class TrlTraining:
    """An epoch of DPO by TRL."""

    def __init__(self, mix: Mix, *, bf16: bool, tuned: bool) -> None:
        self._mix = mix
        self._tuned = tuned
        self._rows = text_rows(make_examples(mix))
        self._tokenizer = make_tokenizer(mix)
        self._rounds = 0
        tuning = {"bf16": bf16, "gradient_checkpointing": False, "precompute_ref_log_probs": True}
        self._own: dict[str, Any] = tuning if tuned else {}

    def __call__(self) -> Round:
        """One epoch from the same weights."""
        self._rounds += 1
        with tempfile.TemporaryDirectory() as folder:
            timer, trainer = _Clock(), self._trainer(folder)
            trainer.add_callback(timer)
            trainer.train()
        losses = tuple(float(line["loss"]) for line in trainer.state.log_history if "loss" in line)
        return Round(timer.elapsed, trainer.reference if self._tuned else Elapsed(), losses)

    def _trainer(self, folder: str) -> _Timed:
        settings = DPOConfig(
            output_dir=folder,
            per_device_train_batch_size=self._mix.batch,
            num_train_epochs=1,
            learning_rate=LEARNING_RATE,
            train_sampling_strategy="sequential",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            **self._own,
        )
        # another number in each round, or the trainer would find the last round's reference pass on disk
        rows = [row | {"round": self._rounds} for row in self._rows]
        return _Timed(
            model=make_model(self._mix),
            ref_model=None if self._tuned else make_model(self._mix),
            args=settings,
            train_dataset=Dataset.from_list(rows),
            processing_class=self._tokenizer,
        )
