"""`bench init [FILE]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, shown, stderr


def init(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Setting file to write; it must not be there yet.")
    ] = Path("my_setting.yaml"),
    model: Annotated[
        str | None, typer.Option("--model", help="Model folder, or HUB_ID@COMMIT, that is looked at.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", help="File of preference pairs that is looked at; SPLIT=FILE for each of several."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema/--no-schema", help="Write recipe.schema.json beside it, for editors.")
    ] = True,
    as_json: arguments.Json = False,
) -> None:
    """Write a commented setting to start from.

    Asks for nothing. Looks at the model (chat template or base, context, padding) and the data (columns, splits,
    lengths in tokens), writes what it saw and what it assumed beside each value, and says what to type next. Without
    --model and --data it writes a setting whose places you fill in.

    Example: bench init --model my_model --data pairs.jsonl
    """
    from benchbench.commands.init.run import InitRequest, next_commands
    from benchbench.commands.init.run import init as command

    written = command(InitRequest(path, model, data or [], schema))
    steps = next_commands(written.setting)
    if as_json:
        beside = None if written.schema is None else str(written.schema)
        print_json({"setting": str(written.setting), "schema": beside, "seen": list(written.seen), "next": steps})
        return
    for line in written.seen:
        print_note(line)
    print_note("next:")
    for line in steps:
        typer.echo(f"  {shown(line)}")
    files = [written.setting] if written.schema is None else [written.setting, written.schema]
    stderr().print(f"written: {', '.join(map(str, files))}", highlight=False)
