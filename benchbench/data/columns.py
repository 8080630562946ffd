"""The one rule of columns: each is read, known to carry no conversation, named as ignored by the recipe, or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.data.candidate_parts import SPANS
from benchbench.data.known_names import filled_columns, is_metadata
from benchbench.data.messages import TURN_FIELDS, is_empty, turn_fields
from benchbench.data.rows import ID_COLUMNS, KNOWN_COLUMNS, Row, Shape

TOOL_COLUMNS = ("tools", "functions", "tool_calls", "function_call")
TOOL_FIELDS = ("tool_calls", "function_call", "tool_call_id", "tool_responses")
TOOL_ROLES = ("tool", "function", "function_call", "observation", "tool_call", "tool_response", "ipython")
TOOL_CALLS = "tool calls"
_NO_TOOLS = ("[]", "{}", "null")
"""JSON in a text that says there is none."""
_CANDIDATE_FIELDS = ("text", "score")


class Account(NamedTuple):
    """What became of the columns of one split."""

    with_tools: frozenset[int]
    """Rows with tools, tool calls or their results, by place."""
    not_read: tuple[str, ...]
    """Columns and fields without conversation, as the data calls them."""


class UnreadPartsError(BenchError):
    """Parts of the data that no reader looks at."""

    names: tuple[str, ...] = ()
    """Columns, and fields of turns as `column.field`, that `ignore_columns` would leave out."""
    has_tools: bool = False
    """Whether some rows have tools or tool calls."""


def account_for(
    rows: Sequence[Row],
    shape: Shape,
    *,
    names: Mapping[str, str],
    original: set[str],
    columns: Collection[str],
    on_tool_calls: str,
    where: str,
) -> Account:
    """Hold every column, and every field of every turn, against the rule.

    Args:
        rows: of one split, under our names, without what the recipe ignores.
        shape: of the rows.
        names: our column -> what the data calls it, where that is another name.
        original: columns with a value as the data has them, before any has another name.
        columns: further columns of numbers that the recipe keeps.
        on_tool_calls: `error` or `drop`.
        where: file or data set, for the message.

    Raises:
        UnreadPartsError: all columns and fields that would be lost, in one message that says how to use each.
    """
    read = {*shape.required, *shape.optional}
    tools = {place: tool for place, row in enumerate(rows) if (tool := tools_in(row, read))}
    plain = [row for place, row in enumerate(rows) if place not in tools]
    filled = filled_columns(plain)
    unread = filled - read - {*columns} - {*ID_COLUMNS} - {*TOOL_COLUMNS}  # of plain rows: tools that are none
    fields = {f"{names.get(column, column)}.{field}" for column, field in unread_fields(plain, read & filled)}
    known = {name for name in unread if is_metadata(name) and not _holds_turns(plain, name)}
    quiet = {field for field in fields if is_metadata(last := field.rpartition(".")[2]) or last == "scores"}
    faults = [_tool_fault(tools)] if tools and on_tool_calls == "error" else []
    faults += [Fault(name, _REPLACED) for name in sorted(names.keys() & original - {*names.values()})]
    faults += [Fault(names.get(name, name), _column_help(plain, name)) for name in sorted(unread - known)]
    faults += [Fault(name, _FIELD) for name in sorted(fields - quiet)]
    if faults:
        error = UnreadPartsError.of_faults(f"{where}: parts of the data that would not be read", faults)
        error.names = tuple(fault.where for fault in faults if fault.where != TOOL_CALLS)
        error.has_tools = len(error.names) < len(faults)
        raise error
    return Account(frozenset(tools), tuple(sorted(known | quiet)))


_REPLACED = "`rename` gives this name to another column, so that this one would be lost; list it under `ignore_columns`"
_FIELD = "a field of a turn or candidate that is not read; list it under `ignore_columns`, or remove it from the data"


def _column_help(rows: Sequence[Row], name: str) -> str:
    values = [row[name] for row in rows if not is_empty(row.get(name))]
    keep = "`columns` keeps it as numbers, " if all(_is_number(value) for value in values) else ""
    return (
        f"a column that is not read; {keep}`rename` reads it as one of ours, `ignore_columns` leaves it out, "
        f"or remove it from the data.{suggestion(name, KNOWN_COLUMNS)}"
    )


def _is_number(value: Any) -> bool:
    values = value if isinstance(value, (list, tuple)) else (value,)
    return all(isinstance(inner, (int, float)) or inner is None for inner in values)


def _tool_fault(tools: Mapping[int, str]) -> Fault:
    first = min(tools)
    return Fault(
        TOOL_CALLS,
        f"{len(tools)} rows have tools or tool calls, row {first} in {tools[first]}; a text without them would be "
        "another conversation; `on_tool_calls: drop` leaves such rows out and counts them; to score calls, write tools "
        "and calls into the texts as the model's chat template does, and remove these columns and fields from the data",
    )


def tools_in(row: Row, read: Collection[str]) -> str:
    """Where a row has tools, calls of tools or their results; an empty text if nowhere."""
    for name in TOOL_COLUMNS:
        if name not in read and row.get(name) not in _NO_TOOLS and not is_empty(row.get(name)):
            return f"column '{name}'"
    for column, turn in _turns(row, read):
        tool = next((field for field in TOOL_FIELDS if not is_empty(turn.get(field))), None)
        if tool or turn.get(turn_fields(turn)[0]) in TOOL_ROLES:
            return f"'{tool or turn_fields(turn)[0]}' of a turn in '{column}'"
    return ""


def _turns(row: Row, columns: Collection[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every turn or candidate in a row's columns, with its column; turns inside candidates too."""
    for name in columns:
        for entry in _mappings(row.get(name)):
            yield name, entry


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        yield from _mappings(value.get("text"))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _mappings(inner)


def unread_fields(rows: Sequence[Row], columns: Collection[str]) -> set[tuple[str, str]]:
    """Filled fields of turns and candidates that no reader looks at, with their column."""
    fields = set[tuple[str, str]]()
    for row in rows:
        for column, turn in _turns(row, {*columns} - {SPANS}):
            scored = column == "candidates" and not turn.keys() & {"role", "from"}
            read = _CANDIDATE_FIELDS if scored else turn_fields(turn)
            fields |= {(column, name) for name, value in turn.items() if name not in read and not is_empty(value)}
    return fields


def _holds_turns(rows: Sequence[Row], name: str) -> bool:
    """Whether a column without conversation by its name has turns all the same."""
    turns = (turn for row in rows for turn in _mappings(row.get(name)))
    return any(turn.keys() >= {*names} for turn in turns for names in TURN_FIELDS)


def without_ignored(rows: Sequence[Row], ignored: Sequence[str]) -> Sequence[Row]:
    """The rows without ignored columns, and without ignored fields (`column.field`) of turns."""
    if not ignored:
        return rows
    whole = {*ignored}
    inner = {name.rpartition(".")[0]: set[str]() for name in ignored if "." in name}
    for name in ignored:
        if "." in name:
            inner[name.rpartition(".")[0]].add(name.rpartition(".")[2])
    return [
        {name: _without(value, inner.get(name, set())) for name, value in row.items() if name not in whole}
        for row in rows
    ]


def _without(value: Any, fields: set[str]) -> Any:
    if not fields:
        return value
    if isinstance(value, Mapping):
        return {name: _without(inner, fields) for name, inner in value.items() if name not in fields}
    return [_without(inner, fields) for inner in value] if isinstance(value, (list, tuple)) else value


def check_ignored(rows: Mapping[str, Sequence[Row]], ignored: Sequence[str]) -> None:
    """Refuse ignored columns and fields that no row of any split has.

    Raises:
        BenchError: names that are not there, with the nearest that is.
    """
    every = [row for part in rows.values() for row in part]
    columns = {name for row in every for name in row}
    wanted = {name.rpartition(".")[0] for name in ignored} & columns
    present = columns | {f"{column}.{field}" for row in every for column, turn in _turns(row, wanted) for field in turn}
    missing = [name for name in ignored if name not in present]
    if every and missing:
        raise BenchError(
            f"data.options.ignore_columns: names what the data does not have: {', '.join(missing)}."
            f"{suggestion(missing[0], present)} Columns found: {', '.join(sorted(columns))}."
        )
