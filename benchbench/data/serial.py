"""Examples as plain JSON values, and the hash that stands for a whole data set."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from benchbench.core.example import Column, Example, Message, Span
from benchbench.core.hashing import canonical
from benchbench.core.source import Splits


def to_json(example: Example) -> dict[str, Any]:
    """A JSON-able mapping; NaN becomes null, parts that are not there are left out.

    Raises:
        ValueError: an infinite number, which JSON cannot hold.
    """
    value: dict[str, Any] = {
        "id": example.id,
        "prompt": _turns(example.prompt),
        "candidates": list(example.candidates),
    }
    if example.ratings is not None:
        value["ratings"] = _numbers_to_json(example.ratings, example.id)
    if example.label is not None:
        value["label"] = example.label
    if example.columns:
        value["columns"] = {name: _numbers_to_json(column, example.id) for name, column in example.columns.items()}
    if example.roles is not None:
        value["roles"] = list(example.roles)
    if example.prompts is not None:
        value["prompts"] = [_turns(prompt) for prompt in example.prompts]
    if example.spans:
        value["spans"] = {
            name: [[[start, end, float(weight)] for start, end, weight in row] for row in rows]
            for name, rows in example.spans.items()
        }
    return value


def from_json(value: Mapping[str, Any]) -> Example:
    """The example that `to_json` wrote."""
    ratings, roles, prompts = (value.get(name) for name in ("ratings", "roles", "prompts"))
    return Example(
        id=value["id"],
        prompt=_messages(value["prompt"]),
        candidates=tuple(value["candidates"]),
        ratings=None if ratings is None else tuple(_number(rating) for rating in ratings),
        label=value.get("label"),
        columns={name: _column(column) for name, column in value.get("columns", {}).items()},
        roles=None if roles is None else tuple(roles),
        prompts=None if prompts is None else tuple(_messages(prompt) for prompt in prompts),
        spans={
            name: tuple(tuple(Span(*span) for span in row) for row in rows)
            for name, rows in value.get("spans", {}).items()
        },
    )


def content_hash(splits: Splits) -> str:
    """sha256 over every example of every split, as hex; the order of examples counts, that of splits does not."""
    digest = hashlib.sha256()
    for split in sorted(splits):
        digest.update(canonical({"split": split, "examples": len(splits[split])}).encode() + b"\n")
        for example in splits[split]:
            digest.update(canonical(to_json(example)).encode() + b"\n")
    return digest.hexdigest()


def prompt_hash(prompt: tuple[Message, ...]) -> str:
    """sha256 of a conversation, as hex; white space around a turn does not count."""
    turns = [[message.role, message.content.strip()] for message in prompt]
    return hashlib.sha256(canonical(turns).encode()).hexdigest()


def _turns(prompt: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in prompt]


def _messages(turns: Any) -> tuple[Message, ...]:
    return tuple(Message(turn["role"], turn["content"]) for turn in turns)


def _numbers_to_json(column: Column, name: str) -> Any:
    if isinstance(column, tuple):
        return [_numbers_to_json(value, name) for value in column]
    if math.isinf(column):
        raise ValueError(f"example {name}: expected finite numbers or NaN, got {column}")
    return None if math.isnan(column) else float(column)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _column(value: Any) -> Column:
    return tuple(_number(item) for item in value) if isinstance(value, list) else _number(value)
