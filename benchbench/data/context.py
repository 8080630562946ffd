"""What stands before a response: the prompt of a row, in one column or several, as one conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchbench.core.example import Message
from benchbench.data.dialogue import answered, awaits_assistant, is_dialogue_prompt, read_dialogue
from benchbench.data.messages import UnfitRowError, check_prompt, is_empty, only_turn, read_conversation, read_text

COLUMNS = ("system", "history", "input")
"""Beside a prompt: a system message, earlier turns, and what an instruction is about (as Alpaca has it)."""


class Stated(NamedTuple):
    """A prompt that a row states in a column of its own."""

    turns: tuple[Message, ...]
    text: str | None = None
    """As it came in, where it came as text."""
    dialogue: bool = False
    """The text is a dialogue with its marks."""

    def answer(self, response: str, what: str) -> str:
        """The response that follows, without the mark of a dialogue and its space.

        Raises:
            UnfitRowError: the response goes on with further turns of the dialogue.
        """
        if self.text is None or not self.dialogue:
            return response
        return only_turn(read_dialogue(answered(self.text, response))[len(self.turns) :], what)


def prompt_text(prompt: Any, addition: Any) -> Any:
    """A prompt with what it is about: the instruction, a blank line, the input; as it is without input.

    Raises:
        UnfitRowError: an input beside no prompt, or beside one that is no text.
    """
    if is_empty(addition):
        return prompt
    if prompt is None:
        raise UnfitRowError("an input without a prompt")
    if not isinstance(prompt, str):
        raise UnfitRowError("an input beside a prompt of turns")
    return "\n\n".join(part for part in (prompt, read_text(addition, "input")) if part)


def read_stated(row: Mapping[str, Any]) -> Stated | None:
    """The prompt in a row's columns `prompt` and `input`; none where the row states none."""
    prompt = prompt_text(row.get("prompt"), row.get("input"))
    if prompt is None:
        return None
    if not isinstance(prompt, str):
        return Stated(check_prompt(read_conversation(prompt, "prompt")))
    text = read_text(prompt, "prompt")
    if not is_dialogue_prompt(text):
        return Stated(check_prompt((Message("user", text),)), text)
    turns = read_dialogue(text)
    return Stated(check_prompt(turns[:-1] if awaits_assistant(text) else turns), text, dialogue=True)


def read_beside(row: Mapping[str, Any]) -> Stated | None:
    """The prompt that a row states beside a conversation that has one; an empty one says nothing."""
    return None if is_empty(row.get("prompt")) and is_empty(row.get("input")) else read_stated(row)


def require_stated(row: Mapping[str, Any]) -> Stated:
    """The prompt in a row's columns.

    Raises:
        UnfitRowError: there is none.
    """
    stated = read_stated(row)
    if stated is None:
        raise UnfitRowError("no prompt")
    return stated


def in_front(row: Mapping[str, Any], turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns with the row's system message and earlier turns before them; what they begin with already stays once.

    Raises:
        UnfitRowError: two system messages that differ.
    """
    stated, rest = _split(turns)
    earlier, history = _split(_history(row.get("history")))
    said = [] if is_empty(row.get("system")) else [Message("system", read_text(row["system"], "system"))]
    if history and not (len(rest) > len(history) and rest[: len(history)] == history):
        rest = (*history, *rest)
    instructions = dict.fromkeys((*said, *earlier, *stated))
    if len(instructions) > 1:
        raise UnfitRowError("two system messages that differ")
    return (*instructions, *rest)


def _split(turns: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """The system message that turns begin with, and the others."""
    leads = bool(turns) and turns[0].role == "system"
    return turns[:leads], turns[leads:]


def _history(value: Any) -> tuple[Message, ...]:
    """Earlier turns: messages, or pairs of what the user and the assistant said."""
    if is_empty(value):
        return ()
    if isinstance(value, Sequence) and all(isinstance(pair, (list, tuple)) for pair in value):
        return tuple(message for pair in value for message in _exchange(pair))
    return read_conversation(value, "history")


def _exchange(pair: Sequence[Any]) -> tuple[Message, Message]:
    if len(pair) != 2:
        raise UnfitRowError("history has an exchange that is not of two texts")
    question, answer = (read_text(text, "text of the history") for text in pair)
    return Message("user", question), Message("assistant", answer)


def states(prompt: Stated, turns: Sequence[Message]) -> bool:
    """Whether a prompt that stands beside a conversation is in it: as its beginning or as a user's turn."""
    if tuple(turns[: len(prompt.turns)]) == prompt.turns:
        return True
    if prompt.text is None:
        return False
    return any(turn.role == "user" and turn.content.strip() == prompt.text.strip() for turn in turns)
