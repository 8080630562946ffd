"""`make bench`: this loop beside TRL's, and vLLM beside transformers, with other load recorded.

Training: both train the same tiny GPT-NeoX on the same pairs with cached reference log-probabilities, float32, one
thread, no checkpointing. Times are CPU-seconds of this process, which neighbours disturb less than wall time.

Generation: both engines answer the same prompts greedily, float32, with all cores. Times are wall seconds, since vLLM
works in another process; starting it is reported apart. A ratio from a machine with other load is printed with that
load.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as vLLM's process has it; torch's OpenMP reads it when imported

import torch  # noqa: E402

from benchbench.recipe.training import PreferenceSection  # noqa: E402

PAIRS, BATCH, WORDS = 192, 16, 200
SETTINGS = PreferenceSection(
    split="train",
    learning_rate=5e-4,
    lr_scheduler_type="linear",
    global_batch_size=BATCH,
    per_device_train_batch_size=BATCH,
    data_order="sequential",
    logging_steps=1000,
    save_steps=10_000,
)


def make_rows(pairs: int) -> list[dict[str, str]]:
    """Pairs of random words with the lengths of real preference data, scaled down."""
    draw = random.Random(0)
    words = [f"w{i}" for i in range(WORDS)]

    def text(low: int, high: int) -> str:
        return " ".join(draw.choices(words, k=draw.randint(low, high)))

    return [{"prompt": text(8, 60) + " ", "chosen": text(10, 60), "rejected": text(10, 90)} for _ in range(pairs)]


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


def time_ours(folder: Path, pairs: int) -> float:
    """CPU-seconds of one epoch of this loop."""
    from benchbench import inputs, methods
    from benchbench.batches.padded import collate
    from benchbench.core.batch import CandidateBatch
    from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
    from benchbench.models.logps import token_logps
    from benchbench.training.loop import Job, train
    from benchbench.training.objective import MethodObjective

    model, tokenizer = make_model_and_tokenizer()

    def row(prompt: str, answer: str) -> TokenizedCandidate:
        head, tail = tokenizer.encode(prompt), [*tokenizer.encode(answer), 1]
        return TokenizedCandidate((*head, *tail), (len(head), len(head) + len(tail)))

    examples = [
        TokenizedExample(str(i), (row(r["prompt"], r["chosen"]), row(r["prompt"], r["rejected"])), False, {})
        for i, r in enumerate(make_rows(pairs))
    ]

    def make_batch(part: list[TokenizedExample]) -> CandidateBatch:
        return collate(part, pad=0, device=torch.device("cpu"))

    reference = {}
    with torch.no_grad():
        for example in examples:
            logps = token_logps(model, make_batch([example]))
            reference[example.id] = [logps.token[0, k][logps.response[0, k]].tolist() for k in range(2)]
    method = methods.get("dpo")
    objective = MethodObjective(
        method, method.hyper(), model, {"reference": partial(inputs.get("reference").tensor, reference)}
    )
    start = time.process_time()
    train(Job(model, objective, examples, make_batch, SETTINGS, SETTINGS, order_seed=0, noise_seed=0, folder=folder))
    return time.process_time() - start


def time_trl(folder: Path, pairs: int) -> float:
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
        train_dataset=Dataset.from_list(make_rows(pairs)),
        processing_class=tokenizer,
        callbacks=[clock],
    )
    trainer.train()
    return clock.seconds


def generation_requests() -> list:
    """64 prompts of 11 to 115 random tokens."""
    from benchbench.generation.seeds import make_requests

    draw = random.Random(0)
    prompts = {str(i): [draw.randrange(4, 4096) for _ in range(draw.randint(11, 115))] for i in range(64)}
    return make_requests(prompts, seed=0)


def make_generator(folder: Path) -> Path:
    """A random GPT-NeoX of 13.8 M parameters."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=4096,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=6,
        intermediate_size=1536,
        max_position_embeddings=512,
        pad_token_id=0,
        eos_token_id=1,
    )
    GPTNeoXForCausalLM(config).save_pretrained(folder)
    return folder


def time_generation(folder: Path, rounds: int = 3) -> dict:
    """Tokens per second of both engines, rounds in turn, the best of each."""
    from benchbench.core.generation import Sampling
    from benchbench.generation.choose import EngineChoice, installed_vllm
    from benchbench.generation.engine_cache import open_engine
    from benchbench.generation.engine_settings import EngineSettings

    if installed_vllm() is None:
        return {"what": "generation: vLLM is not installed, so there is nothing to compare"}
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    before, started = other_load(), time.monotonic()
    model, requests = make_generator(folder), generation_requests()
    greedy = Sampling(96, 0.0, 1.0, 0, 0.0, 1.0, (1,))
    engines = {
        name: open_engine(EngineChoice(name, ""), EngineSettings(threads=cores)) for name in ("vllm", "transformers")
    }
    best = dict.fromkeys(engines, 0.0)
    answers = {}
    for engine in engines.values():
        engine.load(model)
    for _ in range(rounds):
        for name, engine in engines.items():
            begin = time.monotonic()
            answers[name] = engine.generate(requests, greedy)
            made = sum(len(one.tokens) for one in answers[name])
            best[name] = max(best[name], made / (time.monotonic() - begin))
    start_seconds = engines["vllm"].info().start_seconds
    for engine in engines.values():
        engine.close()  # what vLLM's process used counts as ours once it has ended
    return {
        "what": f"generation, 64 prompts, 96 new tokens, 13.8 M parameters, float32, greedy, {cores} threads",
        "vllm_tokens_per_second": best["vllm"],
        "transformers_tokens_per_second": best["transformers"],
        "ratio": best["vllm"] / best["transformers"],
        "identical_responses": sum(a == b for a, b in zip(*answers.values(), strict=True)),
        "vllm_start_seconds": start_seconds,
        "other_load_cores": neighbours(before, other_load(), time.monotonic() - started),
    }


def other_load() -> tuple[float, float]:
    """(busy CPU-seconds of the whole machine, of this process and those it ended).

    The difference of two readings tells of neighbours.
    """
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:8]]
    busy = (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return busy, time.process_time() + ended.ru_utime + ended.ru_stime


def neighbours(before: tuple[float, float], after: tuple[float, float], wall: float) -> float:
    """Cores that others kept busy between two readings."""
    return round(max(0.0, ((after[0] - before[0]) - (after[1] - before[1])) / wall), 2)


def main() -> None:
    """Training, then generation; prints one JSON document."""
    report = {"training": time_training()}
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        report["generation"] = time_generation(Path(name))
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def time_training(pairs: int = PAIRS, rounds: int = 3) -> dict:
    """Rounds of ours and TRL's in turn; the best of each."""
    torch.set_num_threads(1)
    before, started = other_load(), time.monotonic()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        for turn in range(rounds):
            folder = Path(name) / str(turn)
            folder.mkdir()
            ours.append(time_ours(folder, pairs))
            theirs.append(time_trl(folder, pairs))
    after, wall = other_load(), time.monotonic() - started
    return {
        "what": f"DPO, {pairs} pairs, batch {BATCH}, 0.8 M parameters, float32, one thread, cached reference",
        "ours_pairs_per_cpu_second": pairs / min(ours),
        "trl_pairs_per_cpu_second": pairs / min(theirs),
        "ratio": min(theirs) / min(ours),
        "other_load_cores": neighbours(before, after, wall),
    }


if __name__ == "__main__":
    main()
