"""Shape, data and model of the measurements on a card, and how a call is timed."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.packed import Packed
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.models import kernels
from benchbench.models.layout import use_packed_rows
from benchbench.models.load import add_lora
from benchbench.models.varlen import Kernel, written_out

PAD = 0


@dataclass(frozen=True)
class Size:
    """A model's shape, and how much of what is measured."""

    layers: int
    hidden: int
    heads: int
    vocabulary: int
    tokens: int
    """Of a microbatch, packed."""
    lengths: tuple[int, int, int]
    """Mean tokens of prompt, chosen and rejected response."""
    longest: int
    repeats: int
    pairs: int
    """Of a training step."""

    @property
    def weights(self) -> int:
        """Of the matrices of all layers."""
        return self.layers * 12 * self.hidden**2

    @property
    def head_width(self) -> int:
        """Values of a head of attention."""
        return self.hidden // self.heads


PYTHIA_410M = Size(24, 1024, 16, 50304, 16384, (179, 275, 244), 1024, 10, 64)
TOY = Size(2, 32, 2, 97, 96, (9, 8, 6), 24, 1, 4)


@dataclass(frozen=True)
class Bench:
    """Where and in what size things are measured."""

    size: Size
    device: torch.device
    dtype: torch.dtype
    fake: bool

    @property
    def kernel(self) -> Kernel:
        """For sequences of unequal length."""
        return written_out if self.fake else kernels.varlen_attn  # pyright: ignore[reportReturnType]

    def seconds(self, call: Callable[[], Any]) -> float:
        """Median of a few calls, each waited for, after two that warm up."""
        taken = []
        for number in range(self.size.repeats + 2):
            self.wait()
            start = time.perf_counter()
            call()
            self.wait()
            if number >= 2 or self.fake:
                taken.append(time.perf_counter() - start)
        return statistics.median(taken)

    def wait(self) -> None:
        """Until the card has done all that was sent to it."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def drawn(self, *shape: int) -> Tensor:
        """Normal numbers in the precision of the measurement."""
        return torch.randn(*shape, device=self.device).to(self.dtype)


def pairs_of(size: Size, count: int, *, seed: int = 0) -> list[TokenizedExample]:
    """Preference pairs of random tokens whose lengths are those of UltraFeedback on average, skewed as they are."""
    rng = random.Random(seed)

    def length(mean: int, most: int) -> int:
        return max(2, min(most, round(rng.lognormvariate(0, 0.7) * mean / 1.28)))

    def words(count: int) -> tuple[int, ...]:
        return tuple(rng.randrange(2, size.vocabulary) for _ in range(count))

    made = []
    for number in range(count):
        prompt = words(length(size.lengths[0], size.longest // 2))
        rows = []
        for mean in size.lengths[1:]:
            row = prompt + words(length(mean, size.longest - len(prompt)))
            rows.append(TokenizedCandidate(row, (len(prompt), len(row))))
        made.append(TokenizedExample(f"p{number}", tuple(rows), False, {}))
    return made


def batch_of(bench: Bench, examples: Sequence[TokenizedExample]) -> CandidateBatch:
    """As a stage makes it."""
    return collate(examples, pad=PAD, device=bench.device)


def full_batch(bench: Bench) -> CandidateBatch:
    """As many pairs as fill a microbatch."""
    pairs = pairs_of(bench.size, bench.size.tokens)
    count = total = 0
    while total < bench.size.tokens:
        rows = pairs[count].candidates
        total += sum(len(row.tokens) for row in rows) - rows[0].response[0]
        count += 1
    return batch_of(bench, pairs[: max(1, count - 1)])


def packed_of(batch: CandidateBatch) -> Packed:
    """The packed row of a batch that has one."""
    assert batch.packed is not None, "collate packs"
    return batch.packed


def model_of(
    bench: Bench, *, lora: bool = False, dtype: torch.dtype | None = None, packed: bool = True, seed: int = 0
) -> Any:
    """Random weights of the size; adapters on a frozen base where asked for."""
    size = bench.size
    config = AutoConfig.for_model(
        "gpt_neox",
        vocab_size=size.vocabulary,
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=2048,
        rotary_pct=0.25,
        use_parallel_residual=True,
    )
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=dtype or bench.dtype, attn_implementation="sdpa")
    model = model.to(bench.device)
    if packed and not (layout := use_packed_rows(model)).packed:
        raise RuntimeError(f"expected packed rows, found {layout.name}")
    if lora:
        targets = ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]
        model = add_lora(
            model, {"lora_r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "lora_target_modules": targets}, seed=seed
        )
    return model.train()


class OutOfTimeError(Exception):
    """A part took longer than it may."""


def said(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def recorded(found: dict[str, Any], name: str) -> Iterator[None]:
    """Note an error under a name, and go on; but not where the part's time is over."""
    try:
        yield
    except OutOfTimeError:
        raise
    except Exception as error:
        found[f"{name}, failed"] = said(error)
