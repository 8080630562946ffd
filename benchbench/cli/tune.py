"""`bench tune METHOD --grid key=v1,v2`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows, stderr

_MOSTLY_EMPTY = ("widened", "diverged")
"""Columns that are shown where a row of the grid has something in them."""


def tune(
    targets: Annotated[
        list[str], typer.Argument(help="Methods (METHOD or METHOD@VARIANT) in a setting, or recipe files.")
    ],
    grid: Annotated[
        list[str],
        typer.Option("--grid", help="key=v1,v2,v3; near-equal values: the first wins. Repeatable; all are combined."),
    ],
    split: Annotated[str, typer.Option("--split", help="Split on which the grid is scored.")] = "validation",
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    widen: Annotated[
        bool, typer.Option("--widen", help="Add one value beyond each edge that was chosen, and choose again; once.")
    ] = False,
    log: Annotated[Path | None, typer.Option("--log", help="CSV to which every value that was tried is added.")] = None,
    write_recipes: Annotated[
        Path | None,
        typer.Option("--write-recipe", "--write-recipes", help="Folder that gets a recipe of each choice."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over recipes that differ in more than what is tuned.")
    ] = False,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    executor: arguments.Executor = "auto",
    world_size: arguments.WorldSize = None,
    shard_layers: arguments.ShardLayers = False,
    device_share: arguments.DeviceShare = 1.0,
    log_to: arguments.LogTo = None,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    verify: arguments.Verify = False,
    as_json: arguments.Json = False,
) -> None:
    """Score equal grids on a validation split and choose from each.

    The first values in the order of the grid whose metric is within one paired standard error of the best are chosen.
    A setting whose training diverges is marked and never chosen. A choice at the edge of a grid is warned of. Table,
    curve and rule of each method are written to results/SETTING/tuning/.

    Example: bench tune dpo simpo --grid preference.learning_rate=2e-4,3.5e-4,5e-4 --seeds 0 1
    """
    from benchbench.commands.run_plan import RunOptions
    from benchbench.commands.tune.command import Outputs, TuneRequest
    from benchbench.commands.tune.command import tune as command
    from benchbench.commands.tune.written import rule_words

    done = command(
        TuneRequest(targets, grid, split, setting, seeds, overrides or [], widen),
        Outputs(log, write_recipes, force),
        RunOptions(
            device,
            workers,
            runs,
            results,
            log_to=log_to,
            executor=executor,
            world_size=world_size,
            shard_layers=shard_layers,
            device_share=device_share,
            verify=verify,
        ),
        stderr(),
    )
    if as_json:
        documents = [tuned.as_json() for tuned in done.tuned]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        for tuned in done.tuned:
            print_rows(_shown(tuned.rows), title=f"{tuned.label} on split {tuned.split}")
            for note in (f"rule: {rule_words()}", *tuned.notes):
                print_note(note)
    if done.error is not None:
        raise done.error


def _shown(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows without columns that say nothing."""
    empty = {name for name in _MOSTLY_EMPTY if not any(row[name] for row in rows)}
    return [{name: value for name, value in row.items() if name not in empty} for row in rows]
