"""The measurements on a card, one function each: from a bench to its numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch._C._autograd import DeviceType
from torch.nn import functional as F

from benchbench.core.batch import CandidateBatch
from benchbench.models import attention
from benchbench.models.compile import compile_layers
from benchbench.models.flex import block_mask, flex_rows
from benchbench.models.logps import token_logps
from benchbench.models.varlen import varlen_attention
from benchmarks.gpu_setup import Bench, batch_of, full_batch, model_of, packed_of, pairs_of, recorded

WINDOW_SHARE = 4
"""The window of the check is this part of the longest sequence."""


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
        with recorded(found, name):
            with torch.no_grad():
                found[f"{name}, forward"] = bench.seconds(attend)
            if not (bench.fake and attend is flex):
                found[f"{name}, both"] = bench.seconds(lambda attend=attend: attend().sum().backward())
    return found


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
            with recorded(found, f"{name}, {trained}"):
                _forget(bench)
                training = Training(bench, batch, lora=lora, compiled=compiled)
                found[f"{name}, {trained}"] = _rate(bench, training.step, batch, lora=lora)
                del training
        for name, tuned in (("TRL defaults", False), ("TRL tuned", True)):
            with recorded(found, f"{name}, {trained}"):
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
