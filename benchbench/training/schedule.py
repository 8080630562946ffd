"""Learning-rate schedules: warm-up, then linear, cosine or constant, as in transformers."""

from __future__ import annotations

import math


def warmup_length(steps: int, *, warmup_steps: int, warmup_ratio: float | None) -> int:
    """Steps of warm-up; a ratio is rounded up, as in transformers."""
    return warmup_steps if warmup_ratio is None else math.ceil(warmup_ratio * steps)


def rate_factor(step: int, *, steps: int, warmup: int, kind: str) -> float:
    """Fraction of the peak learning rate at a step counted from 0, in [0, 1]."""
    if step < warmup:
        return step / max(1, warmup)
    if kind == "constant":
        return 1.0
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return 1.0 - progress if kind == "linear" else 0.5 * (1.0 + math.cos(math.pi * progress))
