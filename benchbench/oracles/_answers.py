"""Answers in texts: the final one, which a verifier compares and a vote counts, and which of two words comes first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

Form = Literal["number", "text"]
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")


def final_answer(text: str, form: Form, after: str = "", until: str = "") -> str | None:
    """The final answer of a text, in a form in which equal answers are equal; none where it has none.

    Args:
        text: a response, or the answer that is right.
        form: `number` reads the last number; `text` all that there is, in small letters, white space and a full stop at
            the end left out.
        after: where it stands in the text, only what follows its last place is read; a text without it has no answer.
        until: where it stands behind that, reading ends at its first place.
    """
    if after:
        _, marker, text = text.rpartition(after)
        if not marker:
            return None
    if until:
        text = text.partition(until)[0]
    if form == "text":
        return " ".join(text.lower().split()).removesuffix(".").rstrip() or None
    numbers = _NUMBER.findall(text)
    return number_form(float(numbers[-1].replace(",", ""))) if numbers else None


def number_form(value: float) -> str | None:
    """A number as it is compared: 12 significant digits; none where it is not finite."""
    return f"{value + 0.0:.12g}" if math.isfinite(value) else None


def share_of(texts: Sequence[str], word: str, other: str) -> float | None:
    """Share of answers that say a word, among those that say it or the other; none where no answer says either.

    Args:
        texts: answers; what counts is which of the two words comes first, as a whole word, whatever its case.
        word: counted as 1.
        other: counted as 0.
    """
    pattern = re.compile(rf"(?<!\w)({re.escape(word)}|{re.escape(other)})(?!\w)", re.IGNORECASE)
    matches = [match for text in texts if (match := pattern.search(text))]
    if not matches:
        return None
    return sum(match.group().lower() == word.lower() for match in matches) / len(matches)
