"""`bench leaderboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_layout, print_note, stderr
from benchbench.cli.plan import print_plan


def leaderboard(
    setting: Annotated[str, typer.Option("--setting", help="Name of the setting.")] = "tiny",
    baseline: Annotated[str, typer.Option("--baseline", help="METHOD or METHOD@VARIANT of a recipe.")] = "dpo",
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    fixed_data: Annotated[
        bool, typer.Option("--fixed-data", help="Leave out recipes that draw responses for their training.")
    ] = False,
    pairs_only: Annotated[bool, typer.Option("--pairs-only", help="Neither draw nor judge responses.")] = False,
    write: Annotated[
        Path | None, typer.Option("--write", help="Folder to which SETTING.csv and SETTING.md are written.")
    ] = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    executor: arguments.Executor = "auto",
    world_size: arguments.WorldSize = None,
    shard_layers: arguments.ShardLayers = False,
    device_share: arguments.DeviceShare = 1.0,
    log_to: arguments.LogTo = None,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    dry_run: arguments.DryRun = False,
    verify: arguments.Verify = False,
    as_json: arguments.Json = False,
) -> None:
    """Train every recipe of a setting and put them in order.

    Says which differ from the baseline after Holm, and what so many seeds could have seen.

    Example: bench leaderboard --setting tiny --seeds 42 13 3407
    """
    from benchbench.commands.compare.run import planned_draws
    from benchbench.commands.leaderboard.board import BoardRequest, prepare_board
    from benchbench.commands.leaderboard.board import leaderboard as command
    from benchbench.commands.run_plan import RunOptions
    from benchbench.report.leaderboard import answer, layout

    request = BoardRequest(setting, baseline, seeds, overrides or [], pairs_only, write, fixed_data)
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
    if dry_run:
        prepared, _ = prepare_board(request, options, stderr())
        print_plan([prepared.session], options.store, as_json=as_json, ledger=planned_draws(prepared))
        return
    board = command(request, options, stderr())
    if as_json:
        above = {"fairness": board.compared.fairness.as_values(), "degeneration": board.compared.guard.as_values()}
        print_json({"answer": answer(board.rows), **above, "rows": [row.as_record() for row in board.rows]})
        return
    for line in [*[board.notice] * bool(board.notice), *answer(board.rows), *board.remarks, ""]:
        print_note(line)
    print_layout(layout(board.rows))
