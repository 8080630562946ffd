"""Generation as data: what is asked of an engine, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Sampling:
    """How responses are drawn; every field is given, since every engine has another default.

    Raises:
        ValueError: a value out of its range, or a filter beside greedy decoding, which reads none.
    """

    max_new_tokens: int
    temperature: float
    """0 is greedy."""
    top_p: float
    """In (0, 1]; 1 keeps all."""
    top_k: int
    """0 keeps all."""
    min_p: float
    """In [0, 1); 0 keeps all."""
    repetition_penalty: float
    """1 changes nothing."""
    stop_token_ids: tuple[int, ...]
    """EOS and whatever else ends a turn (`generation.stops`); at least one."""

    def __post_init__(self) -> None:
        rules = {
            "max_new_tokens": (self.max_new_tokens >= 1, "a whole number of 1 or more"),
            "temperature": (0 <= self.temperature < math.inf, "a number of 0 or more"),
            "top_p": (0 < self.top_p <= 1, "a number in (0, 1]"),
            "top_k": (self.top_k >= 0, "a whole number of 0 or more"),
            "min_p": (0 <= self.min_p < 1, "a number in [0, 1)"),
            "repetition_penalty": (0 < self.repetition_penalty < math.inf, "a number above 0"),
            "stop_token_ids": (bool(self.stop_token_ids), "at least one token id"),
        }
        wrong = [f"{key}: expected {want}, got {getattr(self, key)}" for key, (ok, want) in rules.items() if not ok]
        if self.temperature == 0 and (self.top_p, self.top_k, self.min_p) != (1.0, 0, 0.0):
            wrong.append("top_p, top_k, min_p: greedy decoding (temperature 0) reads none; expected 1, 0 and 0")
        if wrong:
            raise ValueError("; ".join(wrong))


@dataclass(frozen=True)
class GenerationRequest:
    """One response that is asked for."""

    example: str
    """Id of the example the prompt is from."""
    sample: int
    """Which of several responses to the same prompt, from 0."""
    prompt: tuple[int, ...]
    """Token ids; an engine adds nothing to them."""
    seed: int
    """Of this request's own draws, so that neither order nor batch matters to them; 0 <= seed < 2**63."""


@dataclass(frozen=True)
class Generation:
    """One response."""

    example: str
    sample: int
    tokens: tuple[int, ...]
    """Without the prompt and without the token that ended it."""
    finish: Literal["stop", "length", "control_token", "no_token"]
    """`stop`: a stop token came; `length`: `max_new_tokens` came first; `control_token` and `no_token`: cut by us where
    a control token came, or an id that the tokenizer has no token for (`generation.control`). Engines give the first
    two."""
    end: int | None = None
    """The token that ended it; none where none did."""
    observed: tuple[tuple[int, int], ...] = ()
    """Half-open ranges of its tokens that a tool wrote (`generation.tool_turns`); engines give none."""

    @property
    def drawn_tokens(self) -> int:
        """Tokens that the policy wrote."""
        return len(self.tokens) - sum(stop - start for start, stop in self.observed)


@dataclass(frozen=True)
class EngineInfo:
    """What a row must say of the engine that made it."""

    engine: str
    version: str
    dtype: str
    device_kind: str
    start_seconds: float
    """From nothing to the first model loaded; paid once per process."""
    settings: Mapping[str, Any]
    """Whatever else of the engine may move its numbers."""
    loaded_by: str = ""
    """How the model that it has came in, of an engine that may put other weights in the place of the last ones."""
    load_seconds: float = 0.0
    """Of the model that it has."""

    @property
    def batch_size(self) -> int:
        """Responses that it draws at once, at most."""
        return int(self.settings["batch_size"])


class Decoding(Protocol):
    """Draws responses of what is in it."""

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        """One generation per request, in their order.

        Raises:
            BenchError: a prompt that does not leave room for `max_new_tokens`; nothing is ever cut.
        """
        ...


class Engine(Decoding, Protocol):
    """Draws responses; one process of it serves several models one after another."""

    def load(self, model: Path) -> None:
        """Take the weights of a folder in the hub's format (whole weights, no adapters) in place of the last ones."""

    def info(self) -> EngineInfo:
        """What it is; valid after the first `load`."""
        ...

    def close(self) -> None:
        """End the process and free its memory."""
