"""Whole dialogues in one text, as Anthropic's HH data write them, read as turns.

A turn begins with a blank line, `Human:` or `Assistant:`, and one space. That blank line before the first turn and the
one space after each mark may be missing; nothing else is put right, so that the turns written again are the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchbench.core.example import Message

_MARK = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}
_NAMES = {role: name for name, role in _ROLES.items()}
_OPEN = re.compile(r"\n\nAssistant:\s*\Z")


def is_dialogue(text: str) -> bool:
    """Whether a text is a whole dialogue: it begins with the human's mark, and the assistant's comes later."""
    return text.startswith(("\n\nHuman:", "Human:")) and "\n\nAssistant:" in text


def is_dialogue_prompt(text: str) -> bool:
    """Whether a prompt is a dialogue that waits for an answer.

    It begins with a blank line and the human's mark, or with that mark alone if it ends with the assistant's.
    """
    return text.startswith("\n\nHuman:") or (text.startswith("Human:") and awaits_assistant(text))


def awaits_assistant(text: str) -> bool:
    """Whether a text ends with the assistant's mark and nothing after it."""
    return _OPEN.search(text) is not None


def read_dialogue(text: str) -> tuple[Message, ...]:
    """The turns of a dialogue, white space kept but for the one space after a mark."""
    parts = _MARK.split(_with_blank_line(text))
    return tuple(
        Message(_ROLES[name], content.removeprefix(" ")) for name, content in zip(parts[1::2], parts[2::2], strict=True)
    )


def answered(prompt: str, response: str) -> str:
    """A dialogue's text with an answer to it: the assistant's mark stands between them once."""
    marked = awaits_assistant(prompt) or response.startswith("\n\nAssistant:")
    return prompt + response if marked else f"{prompt}\n\nAssistant: {response}"


def write_dialogue(turns: Sequence[Message]) -> str | None:
    """The text of the turns; none where a turn has no mark of its own, such as a system's."""
    if any(turn.role not in _NAMES for turn in turns):
        return None
    return "".join(f"\n\n{_NAMES[turn.role]}: {turn.content}" for turn in turns)


def spelled_out(text: str) -> str:
    """A dialogue with the blank line and the spaces that may be missing, as `write_dialogue` writes it."""
    return re.sub(r"(\n\n(?:Human|Assistant):) ?", r"\1 ", _with_blank_line(text))


def _with_blank_line(text: str) -> str:
    return f"\n\n{text}" if text.startswith("Human:") else text
