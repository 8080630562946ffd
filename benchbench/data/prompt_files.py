"""Prompt sets from files: AlpacaEval, Arena-Hard, MT-Bench, and our own rows; nothing is dropped or put right.

Every field of a row is read, known to be no part of a prompt, or refused.

The formats are those of `alpaca_eval` (model_outputs.json), `arena-hard-auto` (question.jsonl of both releases) and
FastChat's `llm_judge` (question.jsonl), as evaluation.md B2 to B4 describe them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.prompt_set import Prompt, PromptSet
from benchbench.data.columns import unread_fields
from benchbench.data.context import COLUMNS, in_front, require_stated
from benchbench.data.files import read_rows
from benchbench.data.known_names import is_metadata
from benchbench.data.messages import UnfitRowError, is_empty, read_text
from benchbench.data.rows import Row
from benchbench.data.serial import prompt_hash

FIELDS = ("dataset", "category", "cluster", "subcategory")
"""Of a row, kept where they are text."""
ANSWERS = (
    *("candidates", "chosen", "rejected", "chosen_by_style", "rejected_by_style", "styles", "completion", "response"),
    *("output", "response_a", "response_b", "majority", "label", "score_chosen", "score_rejected", "scores"),
    *("p_a", "reward_scores"),
)
"""Answers to a prompt and what is said of them: no part of it, so that a data set's file may be a prompt file."""


@dataclass(frozen=True)
class _Format:
    name: str
    expected: str
    """What a row of it looks like, for messages."""
    fits: Callable[[Row], bool]
    read: Callable[[Row, int], Prompt]
    columns: tuple[str, ...]
    """Fields of a row that are read."""


def read_prompt_file(path: Path) -> PromptSet:
    """The prompts of a file, in its order; its rows are of one of the formats, recognised by their fields.

    Raises:
        BenchError: exit code 5 where there is no file; an unknown format, a row that is none of it, an empty prompt, or
            a prompt or id that is there twice. The message names the row, counted from 1, and what was expected.
    """
    rows = read_rows(path)
    if not rows:
        raise BenchError(f"{path}: expected prompts, found no rows")
    form = next((form for form in _FORMATS if form.fits(rows[0])), None)
    if form is None:
        expected = "; or ".join(f"{form.name}: {form.expected}" for form in _FORMATS)
        fields = ", ".join(sorted(map(str, rows[0]))) or "none"
        raise BenchError(f"{path}, row 1: expected {expected}; found the fields {fields}")
    prompts = [_read(form, row, number, f"{path}, row {number}") for number, row in enumerate(rows, start=1)]
    _refuse_unread(form, rows, path)
    _refuse_repeats(prompts, path)
    return PromptSet(form.name, tuple(prompts))


def _read(form: _Format, row: Row, number: int, where: str) -> Prompt:
    if not form.fits(row):
        raise BenchError(
            f"{where}: expected {form.name} as in row 1 ({form.expected}), found {', '.join(sorted(map(str, row)))}"
        )
    try:
        prompt = form.read(row, number)
    except UnfitRowError as reason:
        raise BenchError(f"{where}: {reason}; expected {form.name}: {form.expected}") from None
    if not prompt.messages[-1].content.strip() or (prompt.second is not None and not prompt.second.strip()):
        raise BenchError(f"{where}: empty prompt; expected {form.name}: {form.expected}")
    return prompt


def _refuse_unread(form: _Format, rows: list[Row], path: Path) -> None:
    """Every field that nothing would read, of rows and of their turns, in one message."""
    lost: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        names = [n for n, v in row.items() if n not in (*form.columns, *FIELDS, *ANSWERS) and not is_empty(v)]
        names += [f"{column}.{field}" for column, field in unread_fields([row], form.columns)]
        for name in names:
            if not is_metadata(name.rpartition(".")[2]):
                lost.setdefault(name, number)
    if lost:
        unread = ", ".join(f"{name} (row {number})" for name, number in sorted(lost.items()))
        raise BenchError(
            f"{path}: expected {form.name}, found fields that would not be read: {unread}; put what the model is to "
            f"see into the prompt ({', '.join(form.columns)} are read), and remove the rest from the file"
        )


def _refuse_repeats(prompts: list[Prompt], path: Path) -> None:
    by_id: dict[str, int] = {}
    by_text: dict[str, int] = {}
    for number, prompt in enumerate(prompts, start=1):
        if prompt.id in by_id:
            raise BenchError(
                f"{path}, row {number}: expected an id of its own, found that of row {by_id[prompt.id]} again"
            )
        after = () if prompt.second is None else (Message("user", prompt.second),)
        text = prompt_hash((*prompt.messages, *after))
        if text in by_text:
            raise BenchError(
                f"{path}, row {number}: expected every prompt once, found that of row {by_text[text]} again; its "
                "responses would count twice"
            )
        by_id[prompt.id], by_text[text] = number, number


def _fields(row: Row) -> Mapping[str, str]:
    return {name: read_text(row[name], name) for name in FIELDS if isinstance(row.get(name), str)}


def _user(value: Any, what: str) -> tuple[Message, ...]:
    return (Message("user", read_text(value, what)),)


def _id(value: Any, what: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise UnfitRowError(f"{what} is no text or whole number")
    return read_text(str(value), what)


def _response(row: Row, name: str) -> str | None:
    """The row's own response; none where it has none."""
    return None if row.get(name) is None else read_text(row[name], name)


def _alpaca_eval(row: Row, number: int) -> Prompt:
    read_text(row.get("dataset"), "dataset")
    if row.get("input"):
        raise UnfitRowError("an input beside the instruction, which would not be read; put it into the instruction")
    messages = _user(row.get("instruction"), "instruction")
    return Prompt(f"alpaca_eval-{number - 1:03d}", messages, None, _fields(row), _response(row, "output"))


def _arena_hard(row: Row, number: int) -> Prompt:
    del number
    name = "uid" if "uid" in row else "question_id"
    turns = row.get("turns")
    if "prompt" in row:
        text = row["prompt"]
    elif isinstance(turns, list) and len(turns) == 1:
        text = turns[0].get("content") if isinstance(turns[0], Mapping) else turns[0]
    else:
        raise UnfitRowError("neither a prompt nor one turn")
    return Prompt(_id(row.get(name), name), _user(text, "prompt"), None, _fields(row))


def _mt_bench(row: Row, number: int) -> Prompt:
    del number
    first, second = _two_turns(row.get("turns"))
    return Prompt(_id(row.get("question_id"), "question_id"), _user(first, "first turn"), second, _fields(row))


def _two_turns(value: Any) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise UnfitRowError("turns are not two")
    return read_text(value[0], "first turn"), read_text(value[1], "second turn")


def _own(row: Row, number: int) -> Prompt:
    del number
    name, messages = _id(row.get("id"), "id"), in_front(row, require_stated(row).turns)
    if row.get("turns") is None:
        return Prompt(name, messages, None, _fields(row), _response(row, "response"))
    first, second = _two_turns(row["turns"])
    if first != messages[-1].content:
        raise UnfitRowError("the first of turns is not the prompt")
    return Prompt(name, messages, second, _fields(row))


def _first_turn(row: Row) -> Any:
    turns = row.get("turns")
    return turns[0] if isinstance(turns, list) and turns else None


_FORMATS = (
    _Format(
        "alpaca_eval",
        "dataset, instruction",
        lambda row: "instruction" in row,
        _alpaca_eval,
        ("dataset", "instruction", "input", "output"),
    ),
    _Format(
        "arena_hard",
        "uid, category and prompt, or question_id, category and one turn",
        lambda row: "uid" in row or ("question_id" in row and isinstance(_first_turn(row), Mapping)),
        _arena_hard,
        ("uid", "question_id", "prompt", "turns"),
    ),
    _Format(
        "mt_bench",
        "question_id, category and two turns",
        lambda row: "question_id" in row,
        _mt_bench,
        ("question_id", "turns"),
    ),
    _Format(
        "own",
        "id and prompt (messages), with two turns where wanted",
        lambda row: "id" in row and "prompt" in row,
        _own,
        ("id", "prompt", "turns", "response", *COLUMNS),
    ),
)
"""In the order tried on the first row."""
