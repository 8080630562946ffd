"""What only a card can show, in under eight minutes: `python -m benchmarks.gpu gpu.json`.

Six measurements in the order in which each is worth making, and one check of the numbers. A part that fails or runs out
of its time is recorded with its error, and the next one runs. `--fake` runs every part on a processor in a toy's size,
with kernels that are written out, to see that nothing in them is broken; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.autograd.profiler import DeviceType
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.packed import Packed
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.models import attention, kernels
from benchbench.models.compile import compile_layers
from benchbench.models.flex import block_mask, flex_rows
from benchbench.models.layout import use_packed_rows
from benchbench.models.load import add_lora
from benchbench.models.logps import token_logps
from benchbench.models.varlen import Kernel, varlen_attention, written_out

PAD = 0
WINDOW_SHARE = 4
"""The window of the check is this part of the longest sequence."""


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


def gemm_rates(bench: Bench) -> dict[str, float]:
    """TFLOP/s of the five matrix products of a layer and the head, forward."""
    size, n = bench.size, bench.size.tokens
    wide, h = 4 * size.hidden, size.hidden
    shapes = {"qkv": (h, 3 * h), "out": (h, h), "up": (h, wide), "down": (wide, h), "head": (h, size.vocabulary)}
    rates = {}
    for name, (inner, outer) in shapes.items():
        states, weight = bench.drawn(n, inner), bench.drawn(outer, inner)
        taken = bench.seconds(lambda states=states, weight=weight: F.linear(states, weight))
        rates[name] = 2 * n * inner * outer / taken / 1e12
    return rates


def kernel_correctness(bench: Bench) -> dict[str, Any]:
    """Errors of the one call against masked float32 attention, as shares of the largest value.

    Beside them those of masked attention in the same precision, which rounding alone makes.
    """
    packed = packed_of(batch_of(bench, pairs_of(bench.size, 3)))
    longest = max(group.length for group in packed.groups)
    shape = (1, bench.size.heads, len(packed.ids), bench.size.head_width)
    states = [bench.drawn(*shape) for _ in range(3)]
    weights = bench.drawn(1, shape[2], shape[1], shape[3])
    found: dict[str, Any] = {}
    for name, window in (("all", None), ("window", max(2, longest // WINDOW_SHARE))):
        at = torch.arange(len(packed.ids), device=bench.device)
        nothing = at[:1]
        read = block_mask(packed, window, bench.device).mask_mod(nothing, nothing, at[:, None], at[None, :])

        def masked(q: Tensor, k: Tensor, v: Tensor, read: Tensor = read) -> Tensor:
            return F.scaled_dot_product_attention(q, k, v, attn_mask=read).transpose(1, 2)

        def once(q: Tensor, k: Tensor, v: Tensor, window: int | None = window) -> Tensor:
            return varlen_attention(packed, q, k, v, scaling=None, window=window, kernel=bench.kernel)

        exact = _with_gradients(masked, [state.float() for state in states], weights.float())
        for kernel, attend in (("varlen", once), ("masked", masked)):
            ours = _with_gradients(attend, states, weights)
            errors = [_far(mine, other) for mine, other in zip(ours, exact, strict=True)]
            found[f"{name}, {kernel}"] = dict(zip(("output", "query", "key", "value"), errors, strict=True))
    found["as good as masked"] = all(
        found[f"{name}, varlen"][part] <= 3 * error + 1e-6
        for name in ("all", "window")
        for part, error in found[f"{name}, masked"].items()
    )
    return found


def _with_gradients(attend: Callable[..., Tensor], states: Sequence[Tensor], weights: Tensor) -> list[Tensor]:
    leaves = [state.detach().clone().requires_grad_() for state in states]
    out = attend(*leaves)
    return [out.detach(), *torch.autograd.grad((out * weights).sum(), leaves)]


def _far(ours: Tensor, exact: Tensor) -> float:
    return float((ours.float() - exact).abs().max() / exact.abs().max())


def attention_seconds(bench: Bench) -> dict[str, Any]:
    """Seconds of one layer's attention over a full microbatch, forward and with the gradient, by kernel."""
    batch = full_batch(bench)
    packed = packed_of(batch)
    shape = (1, bench.size.heads, len(packed.ids), bench.size.head_width)
    states = [bench.drawn(*shape).requires_grad_() for _ in range(3)]
    found: dict[str, Any] = {"tokens": len(packed.ids), "examples": len(packed.groups)}

    def varlen() -> Tensor:
        return varlen_attention(packed, *states, scaling=None, window=None, kernel=bench.kernel)

    def flex() -> Tensor:
        # processors have no gradient of it
        query, key, value = (state.detach() if bench.fake else state for state in states)
        return flex_rows(packed, query, key, value, scaling=None, window=None, softcap=50.0)

    def loop() -> Tensor:
        with mock.patch.object(attention, "card_attention", lambda *unused: None):
            query, key, value = states
            return attention.bench_attention(SimpleNamespace(), query, key, value, attention.carrier(packed))[0]

    for name, attend in (("varlen", varlen), ("per example", loop), ("flex, soft-capped", flex)):
        with _recorded(found, name):
            with torch.no_grad():
                found[f"{name}, forward"] = bench.seconds(attend)
            if not (bench.fake and attend is flex):
                found[f"{name}, both"] = bench.seconds(lambda attend=attend: attend().sum().backward())
    return found


@contextmanager
def _recorded(found: dict[str, Any], name: str) -> Iterator[None]:
    """Note an error under a name, and go on; but not where the part's time is over."""
    try:
        yield
    except OutOfTimeError:
        raise
    except Exception as error:
        found[f"{name}, failed"] = _said(error)


def layer_seconds(bench: Bench) -> dict[str, float]:
    """Seconds of a forward and backward pass over a full microbatch, eager and with each layer compiled."""
    batch = full_batch(bench)
    found = {}
    for name in ("eager", "compiled"):
        model = model_of(bench)
        if name == "compiled":
            compile_layers(model, where="benchmarks.gpu", backend="eager" if bench.fake else "inductor")
        found[name] = bench.seconds(lambda model=model: token_logps(model, batch).token.sum().backward())
    return found


KINDS = {
    "attention": ("flash", "fmha", "attn", "attention"),
    "matrix products": ("gemm", "cutlass", "nvjet", "mm", "cublas"),
    "optimizer and clipping": ("adam", "multi_tensor", "foreach"),
    "copies and indexing": ("copy", "memcpy", "cat", "index", "gather", "scatter", "memset"),
}
"""Parts of the names of kernels, by what they do; everything else is elementwise work."""


def profile_shares(bench: Bench) -> dict[str, Any]:
    """Shares of the time of one training step's kernels, and of its wall time that the card was at work."""
    step = Training(bench, full_batch(bench), lora=True).step
    for _ in range(1 if bench.fake else 3):
        step()
    bench.wait()
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if bench.device.type == "cuda":
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    start = time.perf_counter()
    with torch.profiler.profile(activities=kinds) as profile:
        step()
        bench.wait()
    wall = time.perf_counter() - start
    times: dict[str, float] = {}
    for event in profile.key_averages():
        on_card = bench.device.type == "cuda"
        if on_card and event.device_type != DeviceType.CUDA:
            continue
        taken = event.self_device_time_total if on_card else event.self_cpu_time_total
        name = event.key.lower()
        kind = next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), "elementwise")
        times[kind] = times.get(kind, 0.0) + taken / 1e6
    busy = sum(times.values()) or 1.0
    return {kind: taken / busy for kind, taken in times.items()} | {"wall seconds": wall, "card at work": busy / wall}


class Training:
    """DPO steps of ours on one batch, without a stage around them."""

    def __init__(self, bench: Bench, batch: CandidateBatch, *, lora: bool, compiled: bool = False) -> None:
        self.model = model_of(bench, lora=lora)
        if compiled:
            compile_layers(self.model, where="benchmarks.gpu", backend="eager" if bench.fake else "inductor")
        self._batch = batch
        with torch.no_grad():
            self._reference = token_logps(self.model, batch).sum()
        self._parameters = [p for p in self.model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(self._parameters, lr=1e-5, fused=True)

    def step(self) -> None:
        """One."""
        ratio = token_logps(self.model, self._batch).sum() - self._reference
        loss = -F.logsigmoid(0.1 * (ratio[:, 0] - ratio[:, 1])).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)


def training_rates(bench: Bench) -> dict[str, Any]:
    """Pairs per second of ours and of TRL, with its defaults and tuned; adapters and all weights."""
    batch = full_batch(bench)
    found: dict[str, Any] = {"packed tokens per pair": len(packed_of(batch).ids) / len(batch.ids)}
    for lora in (True, False):
        trained = "adapters" if lora else "all weights"
        for name, compiled in (("ours", False), ("ours, compiled layers", True)):
            with _recorded(found, f"{name}, {trained}"):
                _forget(bench)
                training = Training(bench, batch, lora=lora, compiled=compiled)
                found[f"{name}, {trained}"] = _rate(bench, training.step, batch, lora=lora)
                del training
        for name, tuned in (("TRL defaults", False), ("TRL tuned", True)):
            with _recorded(found, f"{name}, {trained}"):
                _forget(bench)
                found[f"{name}, {trained}"] = trl_rate(bench, lora=lora, tuned=tuned)
    return found


def _rate(bench: Bench, step: Callable[[], None], batch: CandidateBatch, *, lora: bool) -> dict[str, float]:
    taken = bench.seconds(step)
    passes = 4 if lora else 6  # products of a frozen weight need no gradient of it
    scored, packed = batch.token_counts.scored, len(packed_of(batch).ids)
    head = bench.size.hidden * bench.size.vocabulary
    work = passes * (packed * bench.size.weights + scored * head)
    return {"pairs per second": len(batch.ids) / taken, "TFLOP/s": work / taken / 1e12} | _memory(bench)


def _forget(bench: Bench) -> None:
    if bench.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _memory(bench: Bench) -> dict[str, float]:
    return {"peak GiB": torch.cuda.max_memory_allocated() / 2**30} if bench.device.type == "cuda" else {}


def trl_rate(bench: Bench, *, lora: bool, tuned: bool) -> dict[str, float]:
    """TRL's DPO trainer on the same pairs, its reference pass not counted where it is computed before."""
    from benchmarks.gpu_trl import pairs_per_second

    pairs = pairs_of(bench.size, bench.size.pairs)
    model = model_of(bench, dtype=torch.float32, packed=False)
    rate = pairs_per_second(model, pairs, lora=lora, tuned=tuned, fake=bench.fake, batch=4 if bench.fake else 8)
    return {"pairs per second": rate} | _memory(bench)


def golden_check(bench: Bench) -> dict[str, Any]:
    """Log-probabilities of packed rows against those of padded rows in float32, in nats; and in lower precision."""
    batch = batch_of(bench, pairs_of(bench.size, 4))
    plain = model_of(bench, dtype=torch.float32, packed=False)
    packed = model_of(bench, dtype=torch.float32)
    low, low_plain = model_of(bench), model_of(bench, packed=False)
    for model in (packed, low, low_plain):
        model.load_state_dict(plain.state_dict())
    with torch.no_grad():
        exact = token_logps(plain.eval(), batch).token
        far = {
            "packed, float32": token_logps(packed.eval(), batch),
            f"packed, {bench.dtype}": token_logps(low.eval(), batch),
            f"padded, {bench.dtype}": token_logps(low_plain.eval(), batch),
        }
    errors: dict[str, Any] = {name: float((logps.token - exact).abs().max()) for name, logps in far.items()}
    in_full, in_low, rounding = errors.values()
    return errors | {"holds": in_full < 1e-4 and in_low <= 2 * rounding + 1e-4}


PARTS: Mapping[str, tuple[Callable[[Bench], Mapping[str, Any]], int]] = {
    "matrix products": (gemm_rates, 30),
    "varlen against masked float32": (kernel_correctness, 30),
    "attention kernels": (attention_seconds, 80),
    "compiled layers": (layer_seconds, 90),
    "profile of a step": (profile_shares, 30),
    "training": (training_rates, 170),
    "golden check": (golden_check, 30),
}
"""Name -> what it does, and the seconds it may take; 460 in all."""


class OutOfTimeError(Exception):
    """A part took longer than it may."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise where a block takes longer; a call into a compiler or a card is interrupted when it returns."""

    def ring(*unused: Any) -> None:
        raise OutOfTimeError(f"not done after {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def measure(bench: Bench, parts: Mapping[str, tuple[Callable[[Bench], Mapping[str, Any]], int]] = PARTS) -> Any:
    """Every part's numbers, or why it has none."""
    report = {}
    for name, (part, seconds) in parts.items():
        start = time.perf_counter()
        try:
            with at_most(seconds):
                report[name] = {"numbers": dict(part(bench))}
        except Exception as error:
            report[name] = {"failed": _said(error)}
        report[name]["seconds"] = round(time.perf_counter() - start, 1)
        sys.stdout.write(f"{name}: {json.dumps(report[name])}\n")
        sys.stdout.flush()
    return report


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def machine() -> dict[str, Any]:
    """The card, its driver, and versions."""
    found: dict[str, Any] = {"python": platform.python_version(), "cuda": torch.version.cuda}
    for name in ("torch", "transformers", "trl", "peft"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    if torch.cuda.is_available():
        found |= {"card": torch.cuda.get_device_name(), "capability": torch.cuda.get_device_capability()}
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        try:
            found["driver"] = subprocess.run(query, capture_output=True, text=True, timeout=10).stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            found["driver"] = None
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one JSON file; 2 where there is no card, 1 where a part failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path, help="JSON file to write")
    parser.add_argument("--fake", action="store_true", help="run every part on the processor, in a toy's size")
    options = parser.parse_args(arguments)
    if not options.fake and not torch.cuda.is_available():
        sys.stderr.write("benchmarks.gpu: expected a CUDA card, found none; --fake runs the parts on the processor\n")
        return 2
    if options.fake:
        bench = Bench(TOY, torch.device("cpu"), torch.float32, fake=True)
    else:
        bench = Bench(PYTHIA_410M, torch.device("cuda:0"), torch.bfloat16, fake=False)
    parts = measure(bench)
    report = {"fake": options.fake, "machine": machine(), "size": vars(bench.size), "parts": parts}
    options.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if any("failed" in part for part in parts.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
