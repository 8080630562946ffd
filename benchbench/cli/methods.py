"""`bench methods ls | show | check | new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows, stdout
from benchbench.core.errors import ExitCode

app = typer.Typer(help="List, show, check and begin methods.", no_args_is_help=True)


@app.command("ls")
def list_methods(
    family: Annotated[
        str, typer.Option("--family", help="pairwise, pointwise, listwise, token-level or likelihood.")
    ] = "",
    needs: Annotated[
        list[str] | None,
        typer.Option(
            "--needs",
            help="Something that is read: reference, reward, a column, roles, spans, head; - for none. Repeatable.",
        ),
    ] = None,
    status: Annotated[str, typer.Option("--status", help="verified, 'form unverified', twin or broken.")] = "",
    as_json: arguments.Json = False,
) -> None:
    """List methods: built-in ones, and those of installed packages.

    A method that cannot be imported is listed as broken, with the reason.

    Example: bench methods ls --family pairwise --needs reference
    """
    from benchbench.commands.methods import SEPARATOR, MethodFilter, notes, short_rows
    from benchbench.commands.methods import list_methods as command
    from benchbench.report.status import status_notes

    rows = command(MethodFilter(family, tuple(needs or ()), status))
    if as_json:
        print_json(rows)
        return
    print_rows(short_rows(rows))
    if not rows:
        print_note("no method is all of that")
    for line in (*status_notes(mark for row in rows for mark in row["status"].split(SEPARATOR)), *notes(rows)):
        print_note(line)


@app.command("show")
def show(
    target: Annotated[str, typer.Argument(help="Name of a method, or its file: ./my_method.py.")],
    as_json: arguments.Json = False,
) -> None:
    """Show one method: equation, paper, needs, hyper-parameters, other implementations, what is unverified."""
    from benchbench.commands.methods import describe_method
    from benchbench.report.method_page import method_lines

    described = describe_method(target)
    if as_json:
        print_json(described)
        return
    for line in method_lines(described):
        stdout().print(line, highlight=False, markup=False)


@app.command("check")
def check(
    target: Annotated[str, typer.Argument(help="File of a method, ./my_method.py, or a method's name.")],
    as_json: arguments.Json = False,
) -> None:
    """Check that a method keeps what training relies on.

    Shapes, finite losses and gradients up to 1e4 nats, padding, order of examples, microbatches, what is declared,
    monotony, and the gradient in double precision. Exit code 2 where a promise is broken.
    """
    from benchbench.commands.check_method import check_method

    checked = check_method(target)
    if as_json:
        print_json(checked.as_values())
    else:
        for line in checked.lines():
            stdout().print(line, highlight=False, markup=False)
    if checked.breaches:
        raise typer.Exit(int(ExitCode.USAGE))


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Name of the method: letters, digits and _.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where the two files are written.")] = Path(),
    as_json: arguments.Json = False,
) -> None:
    """Write NAME.py, a method that works, and test_NAME.py, its test; nothing is overwritten."""
    from benchbench.commands.new_method import new_method

    written = new_method(name, folder)
    if as_json:
        print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        stdout().print(f"written: {path}", highlight=False, markup=False)
    stdout().print(f"next: bench methods check {folder / name}.py", highlight=False, markup=False)
