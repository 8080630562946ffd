"""`bench methods ls | show`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import cell, print_json, print_rows, stdout

app = typer.Typer(help="List and show methods: paper, formula, needs, units.", no_args_is_help=True)


@app.command("ls")
def list_methods(as_json: arguments.Json = False) -> None:
    """List all methods."""
    from benchbench.commands.methods import list_methods as command

    rows = command()
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a method.")],
    as_json: arguments.Json = False,
) -> None:
    """Show one method: source, formula, what it needs, hyper-parameters with units, variants."""
    from benchbench.commands.methods import describe_method

    described = describe_method(name)
    if as_json:
        print_json(described)
        return
    out = stdout()
    out.print(f"{described['method']}: {described['paper']}", highlight=False, markup=False)
    out.print(described["description"], highlight=False, markup=False)
    out.print(f"loss: {described['loss']}", highlight=False, markup=False)
    needs = ", ".join([*described["needs"], *(f"column {c}" for c in described["columns"])]) or "the policy only"
    out.print(f"needs: {needs}; candidates: {described['candidates']}", highlight=False, markup=False)
    print_rows([{**field, "default": cell(field["default"])} for field in described["hyper"]])
    for variant, values in described["variants"].items():
        out.print(f"variant {variant}: {values or 'the defaults'}", highlight=False, markup=False)
