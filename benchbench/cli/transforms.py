"""`bench transforms ls | show`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows, stdout

app = typer.Typer(help="List and show transforms of data.", no_args_is_help=True)


@app.command("ls")
def list_transforms(as_json: arguments.Json = False) -> None:
    """List all transforms."""
    from benchbench.commands.transforms import list_transforms as command
    from benchbench.commands.transforms import short_rows

    rows = command()
    if as_json:
        print_json(rows)
    else:
        print_rows(short_rows(rows))
        print_note("bench transforms show NAME: what it takes and makes, its options and its source")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a transform.")],
    as_json: arguments.Json = False,
) -> None:
    """Show one transform: what it does, what it takes and makes, its options with their defaults, its source."""
    from benchbench.commands.transforms import describe_transform
    from benchbench.report.transform_page import transform_lines

    described = describe_transform(name)
    if as_json:
        print_json(described)
        return
    for line in transform_lines(described):
        stdout().print(line, highlight=False, markup=False)
