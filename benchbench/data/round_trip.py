"""The one check that nothing is lost on the way in: prompt and response, written again, are what came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchbench.core.example import Message
from benchbench.data.dialogue import (
    answered,
    awaits_assistant,
    is_dialogue,
    is_dialogue_prompt,
    read_dialogue,
    spelled_out,
    write_dialogue,
)
from benchbench.data.messages import ROLES, Turn, UnfitRowError, turn_fields

LOST = "prompt and response do not give again what came in"


def conserved(turn: Turn, prompt: Any, responses: Sequence[Any]) -> Turn:
    """The turn itself, unless its prompt and a response differ from what came in.

    Args:
        turn: as it was read, before system message and earlier turns of other columns are put in front.
        prompt: the row's value; none where each of `responses` is a whole text or conversation.
        responses: the row's values, one per response.

    Raises:
        UnfitRowError: they differ, to the character. Declared exceptions: a dialogue in one text is compared with its
            blank line in front and one space after each mark, present or not.
    """
    for response, came in zip(turn.responses, responses, strict=True):
        if not _same((*turn.prompt, Message("assistant", response)), prompt, came):
            raise UnfitRowError(LOST)
    return turn


def _same(read: tuple[Message, ...], prompt: Any, came: Any) -> bool:
    if isinstance(came, str) and isinstance(prompt, str) and is_dialogue_prompt(prompt):
        return write_dialogue(read) == spelled_out(answered(prompt, came))
    if isinstance(came, str) and prompt is None:
        text = spelled_out(came) if is_dialogue(came) else came
        return text in (write_dialogue(read), "".join(message.content for message in read))
    return [(message.role, message.content) for message in read] == _turns(prompt, "user") + _turns(came, "assistant")


def _turns(value: Any, role: str) -> list[tuple[str, Any]]:
    """Roles and texts as a value has them; a text alone is that of `role`."""
    if value is None:
        return []
    if isinstance(value, str) and role == "user" and is_dialogue_prompt(value):
        turns = read_dialogue(value)
        return [(turn.role, turn.content) for turn in (turns[:-1] if awaits_assistant(value) else turns)]
    if isinstance(value, str):
        return [(role, value)]
    turns = [value] if isinstance(value, Mapping) else value
    fields = [turn_fields(turn) for turn in turns]
    return [(ROLES[turn[who]], turn[what]) for turn, (who, what) in zip(turns, fields, strict=True)]
