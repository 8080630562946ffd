"""`bench transforms ls | show`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import cell, print_json, print_rows, stdout

app = typer.Typer(
    help="List and show transforms of data: what each reads and makes, options, source.", no_args_is_help=True
)


@app.command("ls")
def list_transforms(as_json: arguments.Json = False) -> None:
    """List all transforms."""
    from benchbench.commands.transforms import list_transforms as command

    rows = command()
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a transform.")],
    as_json: arguments.Json = False,
) -> None:
    """Show one transform: what it does, what it takes and makes, its options with their defaults, its source."""
    from benchbench.commands.transforms import describe_transform

    described = describe_transform(name)
    if as_json:
        print_json(described)
        return
    out = stdout()
    lines = [f"{described['transform']}: {described['paper']}", described["description"]]
    lines.append(f"result: {described['result']}")
    lines.append(f"takes: {described['takes']}; makes the columns: {', '.join(described['makes']) or 'none'}")
    lines.append("draws from data.transforms[].draw_seed" if described["random"] else "draws nothing")
    lines += [
        f"{key}: {described[part]}"
        for key, part in (("note", "note"), ("unverified", "open_question"))
        if described[part]
    ]
    for line in lines:
        out.print(line, highlight=False, markup=False)
    if described["options"]:
        print_rows([{**field, "default": cell(field["default"])} for field in described["options"]])
