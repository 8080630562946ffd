"""One reader per shape of row: preference pairs, K candidates, thumbs up or down, demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchbench.data.messages import (
    Turn,
    UnfitRowError,
    check_prompt,
    only_turn,
    read_conversation,
    read_number,
    read_prompt,
    read_response,
    read_text,
    shared_prefix,
)

Row = Mapping[str, Any]


class Content(NamedTuple):
    """What a row says, before it has an id."""

    turn: Turn
    ratings: tuple[float, ...] = ()
    """One per response, NaN where the row has none; empty for shapes without ratings."""
    label: bool | None = None


@dataclass(frozen=True)
class Shape:
    """Columns that tell what a row is, and its reader."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[Row], Content]
    ordered: bool = True
    """The row says which response is the preferred one, by its name or since there is no other."""


def _pair_of_texts(prompt: Any, chosen: str, rejected: str) -> Turn:
    chosen, rejected = read_text(chosen, "chosen"), read_text(rejected, "rejected")
    if prompt is not None:
        return Turn(read_prompt(prompt), (chosen, rejected))
    if chosen == rejected:
        raise UnfitRowError("no prompt, and chosen and rejected are the same text")
    end = shared_prefix(chosen, rejected)
    if end and chosen[end - 1] == " ":
        end -= 1
    return Turn(read_prompt(chosen[:end]), (chosen[end:], rejected[end:]))


def _pair_of_conversations(prompt: Any, chosen: Any, rejected: Any) -> Turn:
    one, other = read_conversation(chosen, "chosen"), read_conversation(rejected, "rejected")
    lone = len(one) == len(other) == 1
    if prompt is not None and (lone or not isinstance(prompt, str)):
        stated = read_prompt(prompt)
        end = len(stated) if one[: len(stated)] == stated == other[: len(stated)] else 0
    else:
        end = min(shared_prefix(one, other), len(one) - 1, len(other) - 1)
        if not end:
            raise UnfitRowError("no prompt")
        stated = check_prompt(one[:end])
    return Turn(stated, (only_turn(one[end:], "chosen"), only_turn(other[end:], "rejected")))


def read_pair(row: Row) -> Content:
    """Chosen and rejected, as texts or conversations, with the prompt in a column or as their common beginning.

    A prompt given as text beside conversations that hold it is passed over, as in TRL. Unlike TRL, a text that
    begins the other one leaves an empty response, and two equal texts without a prompt are no example.
    """
    prompt, chosen, rejected = row.get("prompt"), row.get("chosen"), row.get("rejected")
    if chosen is None or rejected is None:
        raise UnfitRowError("no chosen or no rejected response")
    if isinstance(chosen, str) != isinstance(rejected, str):
        raise UnfitRowError("one of chosen and rejected is a text, the other a conversation")
    turn = (_pair_of_texts if isinstance(chosen, str) else _pair_of_conversations)(prompt, chosen, rejected)
    return Content(turn, tuple(read_number(row.get(name), "a score") for name in ("score_chosen", "score_rejected")))


def read_candidates(row: Row) -> Content:
    """K responses, each a text or `{text, score}`; scores may be in a column of their own."""
    entries = row.get("candidates")
    if not isinstance(entries, (list, tuple)) or not entries:
        raise UnfitRowError("no candidates")
    texts, scores = [], []
    for entry in entries:
        own = isinstance(entry, Mapping) and "role" not in entry
        texts.append(read_response(entry.get("text") if own else entry, "candidate"))
        scores.append(entry.get("score") if own else None)
    listed = row.get("scores")
    if listed is not None:
        if not isinstance(listed, (list, tuple)) or len(listed) != len(texts):
            raise UnfitRowError("scores are not one per candidate")
        scores = list(listed)
    ratings = tuple(read_number(score, "a score") for score in scores)
    return Content(Turn(read_prompt(row.get("prompt")), tuple(texts)), ratings)


def read_unpaired(row: Row) -> Content:
    """One response with thumbs up or down."""
    label = row.get("label")
    if not isinstance(label, (int, float)) or label not in (0, 1):
        raise UnfitRowError("label is not true or false")
    if row.get("messages") is not None:
        return read_messages(row)._replace(label=bool(label))
    name = "response" if row.get("response") is not None else "completion"
    return Content(Turn(read_prompt(row.get("prompt")), (read_response(row.get(name), name),)), label=bool(label))


def read_demonstration(row: Row) -> Content:
    """A prompt and its response."""
    name = "response" if row.get("response") is not None else "completion"
    return Content(Turn(read_prompt(row.get("prompt")), (read_response(row.get(name), "response"),)))


def read_messages(row: Row) -> Content:
    """A conversation whose last turn is the response."""
    messages = read_conversation(row.get("messages"), "messages")
    if len(messages) == 1:
        raise UnfitRowError("no prompt")
    return Content(Turn(check_prompt(messages[:-1]), (only_turn(messages[-1:], "response"),)))


SHAPES = (
    Shape(("chosen", "rejected"), ("prompt", "score_chosen", "score_rejected"), read_pair),
    Shape(("prompt", "candidates"), ("scores",), read_candidates, ordered=False),
    Shape(("prompt", "completion", "label"), (), read_unpaired),
    Shape(("prompt", "response", "label"), (), read_unpaired),
    Shape(("messages", "label"), (), read_unpaired),
    Shape(("prompt", "response"), (), read_demonstration),
    Shape(("prompt", "completion"), (), read_demonstration),
    Shape(("messages",), (), read_messages),
)
"""In the order tried; the first whose required columns have a value in some row is the shape of the whole split."""
ID_COLUMNS = ("id", "prompt_id", "example_id")
KNOWN_COLUMNS = tuple(dict.fromkeys([n for s in SHAPES for n in (*s.required, *s.optional)] + list(ID_COLUMNS)))
"""Every column that a reader looks at."""
