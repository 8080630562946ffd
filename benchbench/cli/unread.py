"""Options of a verb that one of its forms does not read: refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection

import typer

from benchbench.core.errors import BenchError


def refuse_unread(context: typer.Context, names: Collection[str], why: str) -> None:
    """Refuse parameters of a verb that were named on the command line, whatever their value.

    Args:
        context: of the verb.
        names: parameters, by their names in the function.
        why: what the message says after the options: who does not read them, and what to do.

    Raises:
        BenchError: every one that was named, in the order of the help.
    """
    named = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names and _is_named(context, parameter.name)
    ]
    if named:
        raise BenchError(f"{', '.join(named)}: {why}")


def _is_named(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
