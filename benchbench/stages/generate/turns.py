"""Second turns: the conversation goes on after the policy's own first response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchbench.core.example import Example, Message
from benchbench.stages.context import StageContext
from benchbench.store.generations import read_generations

FIRST = "first"
"""Input of a generate stage whose prompts go on after the responses of another one."""


def with_first_responses(context: StageContext[Any], examples: Sequence[Example]) -> list[Example]:
    """The examples, each with the first response before its last message; as they are where the stage has no `first`.

    A first response that is empty stands there as an empty turn, since it is what the policy said.
    """
    if FIRST not in context.spec.inputs:
        return list(examples)
    frame = read_generations(context.input(FIRST))
    said = dict(zip(frame["example"], frame["text"], strict=True))
    return [
        Example(
            example.id,
            (*example.prompt[:-1], Message("assistant", str(said[example.id])), example.prompt[-1]),
            example.candidates,
        )
        for example in examples
    ]
