"""Verdicts that people gave, from a file; which slot a text stood in does not matter.

Every row is one person's verdict on one pair of texts. Its columns, in JSON lines, a JSON list, parquet or CSV:

- `prompt_hash`, or `prompt`: the user's text, or a list of {role, content} (JSON files only);
- `first_hash` and `second_hash`, or the texts themselves as `first` and `second`;
- `first_wins`: 1, 0, 0.5 for a tie, any number between as a share of people, or `first`, `second`, `tie`.

Hashes are sha256 in hex: `prompt_key` of the messages, `text_key` of a response. White space around a turn does not
count. Several rows of one pair, in either order of the texts, are averaged; other columns are left alone.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.data.files import content_hash, read_rows
from benchbench.data.serial import prompt_hash as prompt_key

_WORDS = {"first": 1.0, "second": 0.0, "tie": 0.5}
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Options:
    """Which file."""

    path: str
    """The file (.jsonl, .json, either with .gz, .parquet or .csv), relative to the recipe file."""
    partial: bool = False
    """Contests without a verdict are missing; by default they are an error."""


def text_key(text: str) -> str:
    """What stands for a response in such a file: sha256 without white space around it, as hex."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def judge(options: Options, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
    """The mean of what the rows of these texts say.

    Raises:
        BenchError: the file cannot be read, or has no verdict for some contest (with `partial`: for none of them).
    """
    path = context.folder / options.path
    given = _verdicts(path)
    keys = [(prompt_key(one.prompt), text_key(one.first), text_key(one.second)) for one in contests]
    absent = [one for one, key in zip(contests, keys, strict=True) if key not in given]
    if absent and (not options.partial or len(absent) == len(contests)):
        raise BenchError(
            f"{path}: it has no verdict for {len(absent)} of {len(contests)} contests, such as sample "
            f"{absent[0].sample} of example {absent[0].example}; it seems to be of other texts"
            + ("" if options.partial else ", or set `partial: true` to leave them missing")
        )
    for place, key in enumerate(keys):
        votes = given.get(key)
        raw = " ".join(f"{vote:g}" for vote in votes or ())
        yield place, Verdict(sum(votes) / len(votes), raw) if votes else Verdict(None, note="no verdict in the file")


def _verdicts(path: Path) -> Mapping[Key, Sequence[float]]:
    """Votes by prompt and texts, each pair in both orders."""
    votes: dict[Key, list[float]] = defaultdict(list)
    for number, row in enumerate(_csv(path) if path.suffix == ".csv" and path.is_file() else read_rows(path), start=1):
        try:
            prompt = row["prompt_hash"] if "prompt_hash" in row else prompt_key(_messages(row["prompt"]))
            first, second = (row.get(f"{slot}_hash") or text_key(row[slot]) for slot in ("first", "second"))
            vote = _WORDS[row["first_wins"]] if row["first_wins"] in _WORDS else float(row["first_wins"])
            if not 0 <= vote <= 1:
                raise ValueError(f"first_wins {vote}")
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise BenchError(
                f"{path}, row {number}: expected prompt_hash or prompt, first_hash or first, second_hash or second, "
                f"and first_wins in [0, 1] or first, second, tie ({type(error).__name__}: {error})"
            ) from None
        votes[prompt, first, second].append(vote)
        if first != second:
            votes[prompt, second, first].append(1 - vote)
    return dict(votes)


def _messages(prompt: Any) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message("user", prompt),)
    return tuple(Message(turn["role"], turn["content"]) for turn in prompt)


def _csv(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"{path}: cannot be read as .csv ({error})") from None


def identity(options: Options, folder: Path) -> Mapping[str, str]:
    """The file's content; where it lies is no part of a verdict."""
    return {"file": content_hash(folder / options.path)}


JUDGE = Judge(
    name="human_file",
    version=1,
    options=Options,
    sees_slots=False,
    judge=judge,
    identity=identity,
    handling=frozenset({"path", "partial"}),
)
