"""`bench eval TARGET`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr

SHOWN = ("method", "seed", "metric", "scoring", "value", "se", "n", "unit", "note")


def evaluate(
    target: Annotated[
        str, typer.Argument(help="Recipe (its finished cells), METHOD, a model folder, or HUB_ID@REVISION.")
    ],
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Measure finished cells, or a model from elsewhere.

    Nothing is trained here; a model folder or HUB_ID@REVISION is scored as method `external`.

    Example: bench eval dpo --setting tiny
    """
    from benchbench.commands.evaluate import evaluate as command
    from benchbench.commands.session import Options

    frame = command(
        target,
        setting=setting,
        seeds=seeds,
        overrides=overrides or [],
        options=Options(device, workers, runs),
        console=stderr(),
    )
    if as_json:
        print_json(frame.to_dict("records"))
    else:
        print_rows(frame.loc[:, list(SHOWN)].to_dict("records"))
