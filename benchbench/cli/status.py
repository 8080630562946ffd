"""`bench status`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows


def status(
    runs: arguments.Runs = None,
    every: Annotated[bool, typer.Option("--all", help="List finished stages, too.")] = False,
    as_json: arguments.Json = False,
) -> None:
    """Show which stages run, finished, failed or went stale.

    A stage runs while a living process, of this machine or another one, holds its lease; one that says it runs and has
    no process is stale. Progress and heartbeat are what it last wrote. What did not finish is listed with the command
    that goes on with it. Nothing is changed.

    Example: bench status --runs runs
    """
    from benchbench.commands.run_plan import RunOptions
    from benchbench.commands.status import status as command

    now = command(RunOptions(runs=runs).store)
    if as_json:
        print_json(now.as_values(with_finished=every))
        return
    print_rows([stage.shown() for stage in now.listed(with_finished=every)])
    for line in now.lines():
        print_note(line)
