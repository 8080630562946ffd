"""Arms of a sampler as a recipe would have them."""

from __future__ import annotations

from typing import Any

from benchbench import samplers
from benchbench.core.sampler import Arm


def arms(name: str, num_samples: int, **options: Any) -> tuple[Arm, ...]:
    sampler = samplers.get(name)
    return sampler.arms(sampler.options(**options), num_samples)
