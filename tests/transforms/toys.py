"""Small examples that one can transform in one's head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchbench import transforms
from benchbench.core.example import Column, Example, Message
from benchbench.core.transform import Counts
from benchbench.data.transforming import transform_split


def several(name: str, scores: Sequence[float], **columns: Column) -> Example:
    """An example whose candidates are called a, b, c, ... and rated with the scores."""
    texts = tuple("abcdefghijklmnopqrstuvwxyz"[: len(scores)])
    return Example(name, (Message("user", f"question {name}"),), texts, tuple(scores), columns=columns)


def pair(name: str, chosen: str = "good", rejected: str = "bad", prompt: str = "", **columns: Column) -> Example:
    """A pair without ratings."""
    return Example(name, (Message("user", prompt or f"question {name}"),), (chosen, rejected), columns=columns)


def labelled(name: str, prompt: str, text: str, label: bool, **columns: Column) -> Example:
    """One response with thumbs up or down."""
    return Example(name, (Message("user", prompt),), (text,), label=label, columns=columns)


def transformed(
    name: str, examples: Sequence[Example], seed: int = 0, **options: Any
) -> tuple[Sequence[Example], Counts]:
    """What a transform makes of examples, with everything checked that it promises."""
    transform = transforms.get(name)
    return transform_split(transform, examples, transform.options(**options), seed, where="here")


def texts(examples: Sequence[Example]) -> list[tuple[str, ...]]:
    """The candidates of each example."""
    return [example.candidates for example in examples]


def ids(examples: Sequence[Example]) -> list[str]:
    """The id of each example."""
    return [example.id for example in examples]
