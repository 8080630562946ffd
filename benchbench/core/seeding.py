"""One seed, many named streams.

Streams of different names are independent, so drawing more from one never shifts another, and the
same (seed, name) gives the same draws to every method. That is what makes a comparison over seeds
a paired one.
"""

from __future__ import annotations

import hashlib

import numpy as np

_TORCH_SEED_LIMIT = 2**63
HIGHEST_SEED = 2**63 - 1
"""The highest that a table can hold."""


def _sequence(seed: int, name: str) -> np.random.SeedSequence:
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.SeedSequence(entropy=seed, spawn_key=(key,))


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator for one purpose, such as "data order"."""
    return np.random.default_rng(_sequence(seed, name))


def torch_seed(seed: int, name: str) -> int:
    """A seed for a `torch.Generator` of one purpose, in [0, 2**63)."""
    high, low = _sequence(seed, name).generate_state(2, np.uint32)
    return ((int(high) << 32) | int(low)) % _TORCH_SEED_LIMIT
