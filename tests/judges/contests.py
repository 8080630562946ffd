"""Contests and contexts for judges, and what they make of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict

PROMPT = (Message("user", "Which is larger, a hare or a horse?"),)


def contest(first: str, second: str, *, prompt: tuple[Message, ...] = PROMPT, example: str = "e0") -> Contest:
    """One contest between two texts."""
    return Contest(example, 0, prompt, first, second)


def contests(count: int) -> list[Contest]:
    """Contests between different texts, each of its own example."""
    return [contest(f"the hare {i}", f"a horse {i}", example=f"e{i}") for i in range(count)]


def context(folder: Path = Path()) -> JudgeContext:
    """A place on the processor."""
    return JudgeContext(folder)


def verdicts(judge: Judge, options: Any, given: Sequence[Contest], where: JudgeContext | None = None) -> list[Verdict]:
    """All verdicts in the order of the contests; each contest exactly once."""
    pairs = list(judge.judge(options, given, where or context()))
    assert sorted(place for place, _ in pairs) == list(range(len(given)))
    return [verdict for _, verdict in sorted(pairs, key=lambda pair: pair[0])]
