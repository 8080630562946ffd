"""Texts and conversations as data sets write them, read as messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchbench.core.example import Message

ROLES: Mapping[str, str] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "human": "user",
    "gpt": "assistant",
}
"""Names of roles in OpenAI's, TRL's and ShareGPT's data -> ours."""
TURN_FIELDS = (("role", "content"), ("from", "value"))
"""Who speaks and what is said: OpenAI's and TRL's names, ShareGPT's names."""


class UnfitRowError(ValueError):
    """A row that is no example; the text is the reason it is counted under."""


class Turn(NamedTuple):
    """A prompt and the responses that answer it."""

    prompt: tuple[Message, ...]
    responses: tuple[str, ...]


def is_empty(value: Any) -> bool:
    """Whether a value carries nothing: none, an empty text, or a list or mapping of such."""
    if isinstance(value, Mapping):
        return all(is_empty(inner) for inner in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_empty(inner) for inner in value)
    return value is None or value == ""


def turn_fields(turn: Mapping[str, Any]) -> tuple[str, str]:
    """The names under which a turn has its role and its text."""
    return TURN_FIELDS[1] if "role" not in turn and "from" in turn else TURN_FIELDS[0]


def read_text(value: Any, what: str) -> str:
    """A text that can be encoded; `what` names it in the reason, with its article."""
    if value is None:
        raise UnfitRowError(f"no {what}")
    if not isinstance(value, str):
        raise UnfitRowError(f"{what} is not text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnfitRowError(f"{what} is not valid Unicode") from None
    return value


def read_conversation(value: Any, what: str) -> tuple[Message, ...]:
    """A list of `{role, content}` or `{from, value}`, or one of them."""
    turns = [value] if isinstance(value, Mapping) else value
    if not isinstance(turns, Sequence) or isinstance(turns, str) or not turns:
        raise UnfitRowError(f"{what} is no list of turns")
    messages = []
    for turn in turns:
        if not isinstance(turn, Mapping):
            raise UnfitRowError(f"{what} is no list of turns")
        role, content = turn_fields(turn)
        speaker = ROLES.get(turn[role]) if isinstance(turn.get(role), str) else None
        if speaker is None:
            raise UnfitRowError(f"{what} has a turn of unknown role")
        messages.append(Message(speaker, read_text(turn.get(content), f"content of a turn in {what}")))
    return tuple(messages)


def check_prompt(prompt: tuple[Message, ...]) -> tuple[Message, ...]:
    """The prompt itself, unless nothing in it can be answered."""
    if not any(message.content.strip() for message in prompt):
        raise UnfitRowError("empty prompt")
    if prompt[-1].role == "assistant":
        raise UnfitRowError("prompt ends with an assistant turn")
    return prompt


def read_response(value: Any, what: str) -> str:
    """A text, or a conversation of one assistant turn."""
    if value is None or isinstance(value, str):
        return read_text(value, what)
    return only_turn(read_conversation(value, what), what)


def only_turn(conversation: Sequence[Message], what: str) -> str:
    """The text of the one assistant turn that a response may have."""
    if len(conversation) != 1:
        raise UnfitRowError(f"{what} is not one turn")
    if conversation[0].role != "assistant":
        raise UnfitRowError(f"{what} is not an assistant turn")
    return conversation[0].content


def read_number(value: Any, what: str) -> float:
    """A finite number, or NaN where there is none."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnfitRowError(f"{what} is not a number")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    if math.isinf(number):
        raise UnfitRowError(f"{what} is not finite")
    return number


def shared_prefix(first: Sequence[Any], second: Sequence[Any]) -> int:
    """How many leading items the two have in common."""
    for count, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return count
    return min(len(first), len(second))
