"""Rows of a file of people's verdicts: the keys of prompts and texts, and the votes."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.data.files import read_rows
from benchbench.data.serial import prompt_hash as prompt_key
from benchbench.store.files import require_file

_WORDS = {"first": 1.0, "second": 0.0, "tie": 0.5}
_SHA256 = re.compile(r"\s*[0-9A-Fa-f]{64}\s*")
Key = tuple[str, str, str]
"""Of the prompt, the first and the second text."""


def text_key(text: str) -> str:
    """The key of a response in such a file: sha256 without white space around it, as hex."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def read_votes(path: Path) -> Mapping[Key, Sequence[float]]:
    """Votes by prompt and texts, each pair in both orders.

    Raises:
        BenchError: the file cannot be read, or a row is no verdict.
    """
    votes: dict[Key, list[float]] = defaultdict(list)
    for number, row in enumerate(_csv(path) if path.suffix == ".csv" and path.is_file() else read_rows(path), start=1):
        try:
            prompt = _hash(row, "prompt") or prompt_key(_messages(row["prompt"]))
            first, second = (_hash(row, slot) or text_key(row[slot]) for slot in ("first", "second"))
            vote = _WORDS[row["first_wins"]] if row["first_wins"] in _WORDS else float(row["first_wins"])
            if not 0 <= vote <= 1:
                raise ValueError(f"first_wins {vote}")
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise BenchError(
                f"{path}, row {number}: expected prompt_hash or prompt, first_hash or first, second_hash or second, "
                f"and first_wins in [0, 1] or first, second, tie ({type(error).__name__}: {error})"
            ) from None
        votes[prompt, first, second].append(vote)
        votes[prompt, second, first].append(1 - vote)
    return dict(votes)


def _hash(row: Mapping[str, Any], name: str) -> str | None:
    """A hash that the row gives, in lower case; none where it is blank or absent."""
    value = row.get(f"{name}_hash")
    if value is None or value == "":
        return None
    if not _SHA256.fullmatch(value):
        raise ValueError(f"{name}_hash is no sha256 in hex")
    return value.strip().lower()


def _messages(prompt: Any) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message("user", prompt),)
    return tuple(Message(turn["role"], turn["content"]) for turn in prompt)


def _csv(path: Path) -> list[dict[str, Any]]:
    try:
        require_file(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"{path}: cannot be read as .csv ({error})") from None
