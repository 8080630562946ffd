"""Options of a chat judge."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.judge import UNCOUNTED

HANDLING = frozenset(
    {
        "template",
        "api_key_env",
        "on_refused",
        "max_retries",
        "backoff_seconds",
        "timeout_seconds",
        "requests_per_minute",
        "max_concurrency",
        "price_per_million_prompt_tokens",
        "price_per_million_completion_tokens",
    }
)
"""Options that move no verdict."""
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_KEY = re.compile(r"(SK|GSK|HF|XAI|GHP|R8|PPLX|NVAPI)_[A-Z0-9]{16,}|(.*_)?(?=[A-Z]*[0-9])[A-Z0-9]{16,}(_.*)?")
"""Keys in capitals: a known prefix before a long word, or a long word with a digit; HF_TOKEN is a name."""
_OURS = ("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "n", "stream")


@dataclass(frozen=True)
class ChatOptions:
    """Which server and model, how it samples, and how requests are paced and retried.

    Raises:
        ValueError: a value out of its range, or a key where the name of a variable belongs.
    """

    base_url: str
    """URL of the server up to and including `/v1`; part of a verdict's identity, since servers may give one name to
    different models."""
    model: str
    """Name of the model at the server; use a dated name if there is one."""
    model_revision: str | None = None
    """Commit or date of the model behind that name; not sent, but part of the identity."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key, in capitals; never the key itself."""
    template: str | None = None
    """File with {conversation}, {first} and {second}, once each, relative to the recipe file; none uses our own."""
    system: str | None = None
    """System message before the question."""
    temperature: float | None = 0.0
    """Sampling temperature; none leaves it out of the request, for models that refuse it."""
    top_p: float | None = 1.0
    """Nucleus sampling; none leaves it out of the request."""
    seed: int | None = 0
    """Sent with every question, plus 1 in a second attempt at a verdict; none leaves it out of the request."""
    max_tokens: int = 1024
    """Most tokens of an answer; an answer that is cut there has no verdict."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The server's name for that field."""
    extra_body: dict[str, Any] = field(default_factory=dict)
    """Further fields of the request, for servers that need them."""
    on_refused: Literal["error", "missing"] = "error"
    """When the server refuses a request, such as one longer than its context: stop, or leave the verdict missing."""
    max_retries: int = 6
    """Attempts after the first, for 429, 5xx, time-outs and broken connections."""
    backoff_seconds: float = 1.0
    """Wait before the first retry; doubled each time, at most a minute, longer if the server asks for it."""
    timeout_seconds: float = 120.0
    """For one request, from connecting to the last byte of its answer."""
    requests_per_minute: float | None = None
    """Most requests per minute, evenly spaced, retries included; none for no limit."""
    max_concurrency: int = 4
    """Requests at the same time."""
    price_per_million_prompt_tokens: float | None = None
    """For computing the cost, in any currency; give both prices or none. The cost is unknown if the server does not
    count tokens."""
    price_per_million_completion_tokens: float | None = None
    """The same for tokens of answers."""

    def __post_init__(self) -> None:
        url, numbers = urlsplit(self.base_url), (self.requests_per_minute, self.timeout_seconds, self.backoff_seconds)
        prices = (self.price_per_million_prompt_tokens, self.price_per_million_completion_tokens)
        rules = {
            "base_url: expected http(s)://host/v1 without user, password or query": url.scheme in ("http", "https")
            and bool(url.hostname)
            and not (url.username or url.password or url.query),
            "model: expected a name": bool(self.model),
            # what was given is not repeated: it may be a key
            "api_key_env: expected the name of an environment variable, not a key: capitals, digits and _, such as "
            "JUDGE_API_KEY": self.api_key_env is None
            or (_VARIABLE.fullmatch(self.api_key_env) is not None and _KEY.fullmatch(self.api_key_env) is None),
            "temperature: expected 0 or more": self.temperature is None or self.temperature >= 0,
            "top_p: expected a number in (0, 1]": self.top_p is None or 0 < self.top_p <= 1,
            "max_tokens, max_concurrency: expected 1 or more": min(self.max_tokens, self.max_concurrency) >= 1,
            "max_retries: expected 0 to 20": 0 <= self.max_retries <= 20,
            "requests_per_minute, timeout_seconds, backoff_seconds: expected more than 0": all(
                number is None or number > 0 for number in numbers
            ),
            "prices: expected both, 0 or more, or none": prices == (None, None)
            or all(price is not None and price >= 0 for price in prices),
            f"extra_body: expected none of {', '.join(_OURS)}": not {*_OURS} & {*self.extra_body},
        }
        if wrong := [rule for rule, holds in rules.items() if not holds]:
            raise ValueError("; ".join(wrong))

    def body(self, prompt: str, attempt: int) -> dict[str, Any]:
        """The request; `attempt` counts from 0."""
        messages = [] if self.system is None else [{"role": "system", "content": self.system}]
        seed = None if self.seed is None else self.seed + attempt
        optional = {"temperature": self.temperature, "top_p": self.top_p, "seed": seed}
        return {
            "model": self.model,
            "messages": [*messages, {"role": "user", "content": prompt}],
            self.max_tokens_field: self.max_tokens,
            **{name: value for name, value in optional.items() if value is not None},
            **self.extra_body,
        }

    def cost(self, tokens: Mapping[str, int]) -> dict[str, float]:
        """`cost` of counted tokens, or that they were not counted; nothing where prices are not given."""
        prompt, completion = self.price_per_million_prompt_tokens, self.price_per_million_completion_tokens
        if prompt is None or completion is None:
            return {}
        if tokens.keys() != {"prompt_tokens", "completion_tokens"}:
            return {UNCOUNTED: 1}
        return {"cost": (tokens["prompt_tokens"] * prompt + tokens["completion_tokens"] * completion) / 1e6}

    def key(self) -> str | None:
        """What the variable holds; none where no variable is named.

        Raises:
            BenchError: nothing that a request can carry; the message does not repeat it.
        """
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env, "").strip()
        if key and key.isascii() and key.isprintable() and " " not in key:
            return key
        fault = "one with spaces or with characters that are not ASCII" if key else "none"
        raise BenchError(
            f"judge chat_endpoint: expected a key in the environment variable {self.api_key_env}, found {fault}",
            exit_code=ExitCode.UNAVAILABLE,
        )
