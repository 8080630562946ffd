"""How an engine runs, as plain values; the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class EngineSettings:
    """The settings that an engine is opened with.

    Raises:
        ValueError: a dtype that is none, or a count below one.
    """

    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:N`."""
    devices: tuple[str, ...] = ()
    """Cards that one engine is spread over, `device` among them; none for that one alone."""
    dtype: str = "float32"
    """Precision of weights and cache."""
    threads: int = 1
    """CPU threads of the engine's process; on CUDA they matter little."""
    batch_size: int = 64
    """Responses at once, at most. Recorded: the shape of a batch may move the last digits."""
    max_model_len: int | None = None
    """Tokens of prompt and response together, where fewer than the model's context are to be allowed."""
    expected_tokens: int | None = field(default=None, compare=False)
    """Tokens of the longest prompt with its response, where they are known when the engine is opened. vLLM is sized for
    them; it starts again for more, so that these settings are the same engine for all stages of a grid."""
    kv_cache_gib: float = 4.0
    """At most so much memory for keys and values in vLLM, unless two responses of its length need more; less where a
    full batch needs less."""
    attn_implementation: str = "sdpa"
    """How transformers computes attention, as it names it; vLLM has kernels of its own."""
    trust_remote_code: bool = False
    """Whether code that comes with a model may run."""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype: expected one of {', '.join(DTYPES)}, got {self.dtype!r}")
        low = [name for name in ("threads", "batch_size") if getattr(self, name) < 1]
        if low or not self.kv_cache_gib > 0:
            raise ValueError(f"{', '.join(low) or 'kv_cache_gib'}: expected a number above 0")
        if self.max_model_len is not None and self.max_model_len < 2:
            raise ValueError(f"max_model_len: expected 2 or more, got {self.max_model_len}")

    @property
    def device_kind(self) -> str:
        """`cpu` or `cuda`."""
        return self.device.split(":")[0]

    def facts(self) -> Mapping[str, Any]:
        """What may move numbers, for the record."""
        return {"threads": self.threads, "batch_size": self.batch_size}
