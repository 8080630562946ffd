"""One answer of a chat server, as far as a verdict needs it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Completion:
    """One answer."""

    text: str
    model: str
    """As the server names it."""
    finish: str
    tokens: Mapping[str, int]
    """`prompt_tokens` and `completion_tokens`, where the server counts them."""
    requests: int = 1
    """Attempts that it took."""


def completion(answer: Any) -> Completion:
    """What a server's JSON holds.

    Raises:
        LookupError, TypeError or AttributeError: it is no chat completion.
    """
    choice, usage = answer["choices"][0], answer.get("usage") or {}
    counted = {name: _count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")}
    return Completion(
        text=_text(choice["message"]["content"]),
        model=_whole(str(answer.get("model") or "")),
        finish=str(choice.get("finish_reason") or ""),
        tokens={name: count for name, count in counted.items() if count is not None},
    )


def _text(content: Any) -> str:
    """A text, or one in parts, as some servers give it; anything else counts as empty."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    return _whole(content) if isinstance(content, str) else ""


def _whole(text: str) -> str:
    """With a question mark for half of a surrogate pair, which JSON may name and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _count(value: Any) -> int | None:
    """A number of tokens; some servers write 100.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value >= 0 and value == int(value) else None
