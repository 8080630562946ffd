"""`bench fetch RECIPE ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr


def fetch(
    targets: Annotated[list[str], typer.Argument(help="Recipe files, or METHOD or METHOD@VARIANT in a setting.")],
    setting: arguments.Setting = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Download a recipe's data and weights, and verify them.

    Model and data are downloaded at their pinned revisions into the Hugging Face cache. Every cached file is compared
    with the hub's hash of it, and the content is recorded in runs/fetched/; a later fetch that finds other content
    fails.

    Example: bench fetch recipes/ddo_rm_pythia410m.yaml
    """
    from benchbench.commands.fetch.run import fetch as command
    from benchbench.commands.run_plan import RunOptions

    rows = command(targets, setting=setting, options=RunOptions(runs=runs), console=stderr())
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)
