"""Properties of a response that a rule reads off its text, for rows that nobody annotated; ours."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError

_WORD = re.compile(r"\w+")
_LIST = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s", re.MULTILINE)
_MARKS = re.compile(r"```|\*\*|^#{1,6}\s", re.MULTILINE)
_APOLOGY = re.compile(r"\b(?:sorry|apologi[sz]e|cannot|can't|unable|as an ai)\b", re.IGNORECASE)


def words_of(prompt: Any) -> str:
    """Text of a prompt: itself, or the contents of its messages; empty where it is neither."""
    if isinstance(prompt, list):
        return "\n".join(str(turn.get("content", "")) for turn in prompt if isinstance(turn, Mapping))
    return prompt if isinstance(prompt, str) else ""


def surface(text: str, prompt: str = "") -> Mapping[str, float]:
    """Name of each property -> its value: log of words, and shares or 0 and 1 of everything else.

    Args:
        text: the response.
        prompt: what it answers; empty where that is not known.
    """
    words = [word.lower() for word in _WORD.findall(text)]
    prompt_words = {word.lower() for word in _WORD.findall(prompt)}
    return {
        "log words": math.log1p(len(words)),
        "repetition": 1 - len(set(words)) / len(words) if words else 0.0,
        "words of the prompt": sum(word in prompt_words for word in words) / len(words) if words else 0.0,
        "digits": sum(letter.isdigit() for letter in text) / max(len(text), 1),
        "list": float(bool(_LIST.search(text))),
        "markdown": float(bool(_MARKS.search(text))),
        "question": float("?" in text),
        "apology": float(bool(_APOLOGY.search(text))),
    }


def properties_of(
    row: Row, side: str, rule: Callable[[str, str], Mapping[str, float]] = surface, *, rows_of: str = "comparisons"
) -> Mapping[str, float]:
    """Annotated properties of one side of a comparison, else what a rule reads off its text.

    Args:
        row: of the input.
        side: `a` or `b`.
        rule: (response, prompt) -> its properties.
        rows_of: name of the input, for the message.

    Raises:
        BenchError: it has neither.
    """
    if row.get(f"properties_{side}") is not None:
        return row[f"properties_{side}"]
    if row.get(f"response_{side}") is None:
        raise BenchError(f"{rows_of}: expected properties_{side} or response_{side} in every row; one has neither")
    return rule(row[f"response_{side}"], words_of(row.get("prompt")))


def prompt_names(rows: Sequence[Row]) -> list[str]:
    """A name for the prompt of each row, the same where it is the same; a row without one has its own."""
    return [json.dumps(row["prompt"]) if row.get("prompt") is not None else str(k) for k, row in enumerate(rows)]
