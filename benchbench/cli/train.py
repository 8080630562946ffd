"""`bench train RECIPE ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr, stdout
from benchbench.cli.plan import print_plan


def train(
    targets: Annotated[list[str], typer.Argument(help="Recipe files, or METHOD or METHOD@VARIANT in a setting.")],
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
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
    dry_run: arguments.DryRun = False,
    as_json: arguments.Json = False,
) -> None:
    """Train and score every seed of recipes.

    Finished stages are not run again; a killed run resumes where it stopped. The folders of the trained models are
    printed at the end.

    Example: bench train recipes/ddo_rm_pythia410m.yaml
    """
    from benchbench.commands import train as command
    from benchbench.commands.run_plan import RunOptions

    options = RunOptions(
        device,
        workers,
        runs,
        results,
        dry_run,
        log_to=log_to,
        executor=executor,
        world_size=world_size,
        shard_layers=shard_layers,
        device_share=device_share,
        verify=verify,
    )
    loaded, sessions = command.plan_training(
        targets, setting=setting, seeds=seeds, overrides=overrides or [], options=options
    )
    if dry_run:
        print_plan(sessions, options.store, as_json=as_json)
        return
    console = stderr()
    trained = command.train(loaded, sessions, options, console)
    rows = [row for item, each in zip(loaded, trained, strict=True) for row in command.summary(item, each)]
    if as_json:
        print_json(rows)
    else:
        print_rows([{name: value for name, value in row.items() if name != "model"} for row in rows])
        for row in rows:
            stdout().print(f"model of {row['recipe']}, seed {row['seed']}: {row['model'] or 'none'}", highlight=False)
    for each in trained:
        if each.error is not None:
            raise each.error
