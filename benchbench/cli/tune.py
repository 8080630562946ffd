"""`bench tune METHOD --grid key=v1,v2`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr, stdout


def tune(
    target: Annotated[str, typer.Argument(help="Recipe file, or METHOD or METHOD@VARIANT in a setting.")],
    grid: Annotated[
        list[str],
        typer.Option("--grid", help="key=v1,v2,v3; near-equal values: the first wins. Repeatable; all are combined."),
    ],
    split: Annotated[str, typer.Option("--split", help="Split on which the grid is scored.")] = "validation",
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Score a grid on a validation split and choose from it.

    The first values in the order of the grid whose metric is within one paired standard error of the best are chosen.

    Example: bench tune dpo --grid preference.learning_rate=2e-4,3.5e-4,5e-4 --seeds 0 1
    """
    from dataclasses import asdict

    from benchbench.commands.run_plan import RunOptions
    from benchbench.commands.tune import tune as command

    tuned = command(
        target,
        grid=grid,
        split=split,
        setting=setting,
        seeds=seeds,
        overrides=overrides or [],
        options=RunOptions(device, workers, runs),
        console=stderr(),
    )
    if as_json:
        print_json(asdict(tuned))
    else:
        print_rows(tuned.rows, title=f"{tuned.label} on split {tuned.split}")
        for note in tuned.notes:
            stdout().print(note, highlight=False, markup=False)
