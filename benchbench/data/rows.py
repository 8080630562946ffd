"""One reader per shape of row: preference pairs, K candidates, thumbs up or down, demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchbench.core.example import Message
from benchbench.data import candidate_parts
from benchbench.data.boundary import common_beginning
from benchbench.data.context import (
    COLUMNS,
    Stated,
    in_front,
    prompt_text,
    read_beside,
    read_stated,
    require_stated,
    states,
)
from benchbench.data.dialogue import is_dialogue, read_dialogue
from benchbench.data.messages import (
    Turn,
    UnfitRowError,
    check_prompt,
    is_empty,
    only_turn,
    read_conversation,
    read_number,
    read_response,
    read_text,
    shared_prefix,
)
from benchbench.data.round_trip import conserved

Row = Mapping[str, Any]
CUT_PROMPT = "prompts taken as the common beginning of two texts"


class Content(NamedTuple):
    """What a row says, before it has an id."""

    turn: Turn
    ratings: tuple[float, ...] = ()
    """One per response, NaN where the row has none; empty for shapes without ratings."""
    label: bool | None = None
    notes: tuple[str, ...] = ()
    """What the data report counts of rows that are kept."""


@dataclass(frozen=True)
class Shape:
    """Columns that tell what a row is, and its reader."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[Row], Content]
    ordered: bool = True
    """The row says which response is the preferred one, by its name or since there is no other."""


def _pair_of_texts(row: Row, chosen: str, rejected: str) -> tuple[Turn, tuple[str, ...]]:
    chosen, rejected = read_text(chosen, "chosen"), read_text(rejected, "rejected")
    stated, dialogues = read_stated(row), [is_dialogue(text) for text in (chosen, rejected)]
    if all(dialogues):
        preferred, other = read_dialogue(chosen), read_dialogue(rejected)
        if stated is None or (states(stated, preferred[:-1]) and states(stated, other[:-1])):
            prompt = _common_turns(stated, preferred, other)
            return _rest(row, prompt, (preferred, other), len(prompt), None, (chosen, rejected)), ()
    if stated is not None:
        return _answers(row, stated, (chosen, rejected), ("chosen", "rejected")), ()
    if any(dialogues):
        raise UnfitRowError("one of chosen and rejected is a dialogue, the other is not")
    if chosen == rejected:
        raise UnfitRowError("no prompt, and chosen and rejected are the same text")
    end = common_beginning(chosen, rejected)
    prompt = check_prompt((Message("user", chosen[:end]),))
    turn = conserved(Turn(prompt, (chosen[end:], rejected[end:])), None, (chosen, rejected))
    return turn._replace(prompt=in_front(row, prompt)), (CUT_PROMPT,)


def _pair_of_conversations(row: Row, chosen: Any, rejected: Any) -> Turn:
    preferred, other = read_conversation(chosen, "chosen"), read_conversation(rejected, "rejected")
    lone = len(preferred) == len(other) == 1
    stated = read_stated(row) if lone else read_beside(row)
    if stated is None or (stated.text is not None and not lone):
        prompt = _common_turns(stated, preferred, other)
        return _rest(row, prompt, (preferred, other), len(prompt), None, (chosen, rejected))
    leads = (in_front(row, stated.turns), stated.turns)
    prompt = next((lead for lead in leads if preferred[: len(lead)] == lead == other[: len(lead)]), None)
    if prompt is not None:
        return _rest(row, prompt, (preferred, other), len(prompt), None, (chosen, rejected))
    return _rest(row, stated.turns, (preferred, other), 0, _prompt_of(row), (chosen, rejected))


def _common_turns(
    stated: Stated | None, first: tuple[Message, ...], second: tuple[Message, ...]
) -> tuple[Message, ...]:
    """The turns that two conversations begin with, the last of the shorter one aside; a stated prompt is among them."""
    end = min(shared_prefix(first, second), len(first) - 1, len(second) - 1)
    if not end:
        raise UnfitRowError("no prompt")
    common = check_prompt(first[:end])
    if stated is not None and not states(stated, common):
        raise UnfitRowError("prompt is no turn of the conversations beside it")
    return common


def _rest(
    row: Row,
    lead: tuple[Message, ...],
    conversations: Sequence[Sequence[Message]],
    end: int,
    stated: Any,
    came: Sequence[Any],
) -> Turn:
    """What is left of conversations after their prompt, and the prompt with what stands before it."""
    names = ("chosen", "rejected")
    responses = tuple(only_turn(turns[end:], name) for turns, name in zip(conversations, names, strict=True))
    return conserved(Turn(lead, responses), stated, came)._replace(prompt=in_front(row, lead))


def _answers(row: Row, stated: Stated, values: Sequence[Any], names: Sequence[str]) -> Turn:
    """Responses to a prompt in a column of its own."""
    texts = (read_response(value, name) for value, name in zip(values, names, strict=True))
    responses = tuple(stated.answer(text, name) for text, name in zip(texts, names, strict=True))
    turn = conserved(Turn(stated.turns, responses), _prompt_of(row), values)
    return turn._replace(prompt=in_front(row, stated.turns))


def _prompt_of(row: Row) -> Any:
    return prompt_text(row.get("prompt"), row.get("input"))


def read_pair(row: Row) -> Content:
    """Chosen and rejected, as texts or conversations, with the prompt in a column or as their common beginning.

    Two texts that are whole dialogues are read as conversations. A prompt given as text beside conversations must be
    one of their turns. Unlike TRL, texts without a prompt are cut between words, a text with which the other one begins
    leaves an empty response, and two equal texts without a prompt are no example.
    """
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if chosen is None or rejected is None:
        raise UnfitRowError("no chosen or no rejected response")
    if isinstance(chosen, str) != isinstance(rejected, str):
        raise UnfitRowError("one of chosen and rejected is a text, the other a conversation")
    if isinstance(chosen, str):
        turn, notes = _pair_of_texts(row, chosen, rejected)
    else:
        turn, notes = _pair_of_conversations(row, chosen, rejected), ()
    ratings = tuple(read_number(row.get(name), "a score") for name in ("score_chosen", "score_rejected"))
    return Content(turn, ratings, notes=notes)


def read_candidates(row: Row) -> Content:
    """K responses, each a text or `{text, score}`; scores may be in a column of their own."""
    entries = row.get("candidates")
    if not isinstance(entries, (list, tuple)) or not entries:
        raise UnfitRowError("no candidates")
    texts, scores = [], []
    for entry in entries:
        is_scored = isinstance(entry, Mapping) and not entry.keys() & {"role", "from"}
        texts.append(entry.get("text") if is_scored else entry)
        scores.append(entry.get("score") if is_scored else None)
    listed = row.get("scores")
    if listed is not None:
        if not isinstance(listed, (list, tuple)) or len(listed) != len(texts):
            raise UnfitRowError("scores are not one per candidate")
        scores = list(listed)
    ratings = tuple(read_number(score, "a score") for score in scores)
    return Content(_answers(row, require_stated(row), texts, ["candidate"] * len(texts)), ratings)


def read_unpaired(row: Row) -> Content:
    """One response with thumbs up or down."""
    label = row.get("label")
    if not isinstance(label, (int, float)) or label not in (0, 1):
        raise UnfitRowError("label is not true or false")
    if row.get("completion") is None and row.get("response") is None and not is_empty(row.get("messages")):
        return read_messages(row)._replace(label=bool(label))
    name = "response" if row.get("response") is not None else "completion"
    return Content(_answers(row, require_stated(row), (row.get(name),), (name,)), label=bool(label))


def read_demonstration(row: Row) -> Content:
    """A prompt and its response."""
    name = "response" if row.get("response") is not None else "completion"
    return Content(_answers(row, require_stated(row), (row.get(name),), ("response",)))


def read_messages(row: Row) -> Content:
    """A conversation whose last turn is the response."""
    messages = read_conversation(row.get("messages"), "messages")
    if len(messages) == 1:
        raise UnfitRowError("no prompt")
    prompt = check_prompt(messages[:-1])
    stated = read_beside(row)
    if stated is not None and not states(stated, prompt):
        raise UnfitRowError("prompt is no turn of the messages beside it")
    turn = conserved(Turn(prompt, (only_turn(messages[-1:], "response"),)), None, (row.get("messages"),))
    return Content(turn._replace(prompt=in_front(row, prompt)))


def check_messages(row: Row, turn: Turn) -> None:
    """Hold the messages that some data have beside prompt and responses against what was read.

    Raises:
        UnfitRowError: they are neither the prompt nor the prompt with one of the responses.
    """
    if is_empty(row.get("messages")):
        return
    messages = _stripped(in_front(row, read_conversation(row["messages"], "messages")))
    prompt = _stripped(turn.prompt)
    wholes = [prompt, *([*prompt, ("assistant", response.strip())] for response in turn.responses)]
    if messages not in wholes:
        raise UnfitRowError(
            "messages are neither the prompt nor the prompt with a response; ignore_columns can name them"
        )


def _stripped(turns: Sequence[Message]) -> list[tuple[str, str]]:
    return [(turn.role, turn.content.strip()) for turn in turns]


_BESIDE = (*COLUMNS, "messages", *candidate_parts.COLUMNS)
SHAPES = (
    Shape(("chosen", "rejected"), ("prompt", "score_chosen", "score_rejected", *_BESIDE), read_pair),
    Shape(("prompt", "candidates"), ("scores", *_BESIDE), read_candidates, ordered=False),
    Shape(("prompt", "completion", "label"), _BESIDE, read_unpaired),
    Shape(("prompt", "response", "label"), _BESIDE, read_unpaired),
    Shape(("messages", "label"), ("prompt", *COLUMNS, *candidate_parts.COLUMNS), read_unpaired),
    Shape(("prompt", "response"), _BESIDE, read_demonstration),
    Shape(("prompt", "completion"), _BESIDE, read_demonstration),
    Shape(("messages",), ("prompt", *COLUMNS, *candidate_parts.COLUMNS), read_messages),
)
"""In the order tried; the first whose required columns have a value in some row is the shape of the whole split."""
ID_COLUMNS = ("id", "prompt_id", "example_id")
KNOWN_COLUMNS = tuple(dict.fromkeys([n for s in SHAPES for n in (*s.required, *s.optional)] + list(ID_COLUMNS)))
"""Every column that a reader looks at."""
