"""How far an engine's output depends on the batch it was made in: some prompts twice, in two batch sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.generation import Engine, Generation, GenerationRequest, Sampling
from benchbench.generation.requests import canonical_order, chunks

PROMPTS = 20
"""Of the canary; spec/evaluation.md D-1."""


@dataclass(frozen=True)
class Canary:
    """How alike repeated responses are, shown beside a table of generated responses."""

    prompts: int
    batch_sizes: tuple[int, int]
    """Responses per call, first and second time."""
    identical_fraction: float
    """Share of prompts with the same response both times, in [0, 1]."""
    common_prefix_tokens: float
    """Tokens until the two first differ, mean over prompts; the whole response where they do not."""
    response_tokens: float
    """Mean length of the first responses, for scale."""


def run_canary(engine: Engine, requests: Sequence[GenerationRequest], sampling: Sampling) -> Canary:
    """Generate up to 20 of the requests twice: all at once, and a few at a time.

    Args:
        engine: with a model loaded.
        requests: those of the table; the canary's are spread evenly over their lengths.
        sampling: as for the table.

    Raises:
        ValueError: no requests.
    """
    if not requests:
        raise ValueError("a canary needs at least one request")
    order = canonical_order(requests)
    count = min(PROMPTS, len(order))
    chosen = [requests[order[i * len(order) // count]] for i in range(count)]
    large = min(count, engine.info().batch_size)
    sizes = (large, max(1, large // 5))
    first, second = (_in_parts(engine, chosen, sampling, size) for size in sizes)
    common = [common_prefix(a.tokens, b.tokens) for a, b in zip(first, second, strict=True)]
    same = [a.tokens == b.tokens and a.finish == b.finish for a, b in zip(first, second, strict=True)]
    return Canary(
        prompts=count,
        batch_sizes=sizes,
        identical_fraction=sum(same) / count,
        common_prefix_tokens=sum(common) / count,
        response_tokens=sum(len(a.tokens) for a in first) / count,
    )


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Tokens that both begin with."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _in_parts(engine: Engine, requests: Sequence[GenerationRequest], sampling: Sampling, size: int) -> list[Generation]:
    return [response for part in chunks(requests, size) for response in engine.generate(part, sampling)]
