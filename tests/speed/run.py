"""`make bench`: DPO training steps of this loop and of TRL's, side by side in one process, with other load recorded.

Both train the same tiny GPT-NeoX on the same pairs with cached reference log-probabilities, float32, one thread,
no checkpointing. Times are CPU-seconds of this process, which neighbours disturb less than wall time; a ratio from
a machine with other load is printed with that load.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import torch

PAIRS, BATCH, WORDS = 192, 16, 200
SETTINGS = {
    "learning_rate": 5e-4,
    "lr_scheduler_type": "linear",
    "warmup_steps": 0,
    "warmup_ratio": None,
    "num_train_epochs": 1.0,
    "max_steps": None,
    "global_batch_size": BATCH,
    "per_device_train_batch_size": BATCH,
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "adam_epsilon": 1e-8,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "bf16": False,
    "data_order": "sequential",
    "length_window": 1,
    "logging_steps": 1000,
    "save_steps": 10_000,
}


def make_rows() -> list[dict[str, str]]:
    """Pairs of random words with the lengths of real preference data, scaled down."""
    draw = random.Random(0)
    words = [f"w{i}" for i in range(WORDS)]

    def text(low: int, high: int) -> str:
        return " ".join(draw.choices(words, k=draw.randint(low, high)))

    return [{"prompt": text(8, 60) + " ", "chosen": text(10, 60), "rejected": text(10, 90)} for _ in range(PAIRS)]


def make_model_and_tokenizer() -> tuple:
    """A random GPT-NeoX of the embedded setting's shape and a word-level tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    vocabulary = {name: i for i, name in enumerate(["<pad>", "<eos>", *(f"w{i}" for i in range(WORDS))])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<eos>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", eos_token="<eos>")
    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=len(vocabulary),
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=256,
        pad_token_id=0,
        eos_token_id=1,
    )
    return GPTNeoXForCausalLM(config), tokenizer


def time_ours(folder: Path) -> float:
    """CPU-seconds of one epoch of this loop."""
    from benchbench import methods
    from benchbench.core.batch import CandidateBatch
    from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
    from benchbench.models.logps import token_logps
    from benchbench.training.collate import collate
    from benchbench.training.loop import Job, train
    from benchbench.training.objective import Caches, MethodObjective

    model, tokenizer = make_model_and_tokenizer()

    def row(prompt: str, answer: str) -> TokenizedCandidate:
        head, tail = tokenizer.encode(prompt), [*tokenizer.encode(answer), 1]
        return TokenizedCandidate((*head, *tail), (len(head), len(head) + len(tail)))

    examples = [
        TokenizedExample(str(i), (row(r["prompt"], r["chosen"]), row(r["prompt"], r["rejected"])), False, {})
        for i, r in enumerate(make_rows())
    ]

    def make_batch(part: list[TokenizedExample]) -> CandidateBatch:
        return collate(part, pad=0, device=torch.device("cpu"))

    reference = {}
    with torch.no_grad():
        for example in examples:
            logps = token_logps(model, make_batch([example]))
            reference[example.id] = [logps.token[0, k][logps.response[0, k]].tolist() for k in range(2)]
    method = methods.get("dpo")
    objective = MethodObjective(method, method.hyper(), model, Caches(reference=reference))
    start = time.process_time()
    train(Job(model, objective, examples, make_batch, SETTINGS, order_seed=0, noise_seed=0, folder=folder))
    return time.process_time() - start


def time_trl(folder: Path) -> float:
    """CPU-seconds of TRL's training loop over the same pairs; its reference pass and set-up are not counted."""
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import DPOConfig, DPOTrainer

    class Clock(TrainerCallback):
        def on_train_begin(self, *unused: object, **ignored: object) -> None:
            self.begin = time.process_time()

        def on_train_end(self, *unused: object, **ignored: object) -> None:
            self.seconds = time.process_time() - self.begin

    model, tokenizer = make_model_and_tokenizer()
    clock = Clock()
    config = DPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=BATCH,
        num_train_epochs=1,
        learning_rate=5e-4,
        bf16=False,
        gradient_checkpointing=False,
        precompute_ref_log_probs=True,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = DPOTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(make_rows()),
        processing_class=tokenizer,
        callbacks=[clock],
    )
    trainer.train()
    return clock.seconds


def other_load() -> tuple[float, float]:
    """(busy CPU-seconds of the whole machine, of this process); the difference of two readings tells of neighbours."""
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:8]]
    busy = (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
    return busy, time.process_time()


def main() -> None:
    """Three rounds, ours and TRL's in turn; prints JSON."""
    torch.set_num_threads(1)
    before, started = other_load(), time.monotonic()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        for turn in range(3):
            folder = Path(name) / str(turn)
            folder.mkdir()
            ours.append(time_ours(folder))
            theirs.append(time_trl(folder))
    after, wall = other_load(), time.monotonic() - started
    neighbours = ((after[0] - before[0]) - (after[1] - before[1])) / wall
    report = {
        "what": f"DPO, {PAIRS} pairs, batch {BATCH}, 0.8 M parameters, float32, one thread, cached reference",
        "ours_pairs_per_cpu_second": PAIRS / min(ours),
        "trl_pairs_per_cpu_second": PAIRS / min(theirs),
        "ratio": min(theirs) / min(ours),
        "other_load_cores": round(max(0.0, neighbours), 2),
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
