"""`bench fetch RECIPE ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows


def fetch(
    targets: Annotated[list[str], typer.Argument(help="Recipe files, or METHOD or METHOD@VARIANT in a setting.")],
    setting: arguments.Setting = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Bring a recipe's data and weights here.

    Model and data come at their pinned revisions into the Hugging Face cache; what they hash to is printed.

    Example: bench fetch recipes/ddo_rm_pythia410m.yaml
    """
    from benchbench.commands.fetch import fetch as command
    from benchbench.commands.session import Options

    rows = command(targets, setting=setting, options=Options(runs=runs))
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)
