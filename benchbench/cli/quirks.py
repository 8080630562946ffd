"""`bench quirks METHOD METHOD ...`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows, stderr
from benchbench.cli.plan import print_plan


def quirks(
    targets: Annotated[list[str], typer.Argument(help="Methods (METHOD or METHOD@VARIANT) or recipe files.")],
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    baseline: arguments.Baseline = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--quirk", help="Field of a quirk to remove. Repeatable. Default: all quirks."),
    ] = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    executor: arguments.Executor = "auto",
    world_size: arguments.WorldSize = None,
    shard_layers: arguments.ShardLayers = False,
    device_share: arguments.DeviceShare = 1.0,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    verify: arguments.Verify = False,
    dry_run: arguments.DryRun = False,
    as_json: arguments.Json = False,
) -> None:
    """Repeat a published comparison without its quirks.

    The comparison is run as published, then with each quirk of its setting removed, one at a time, then with all
    removed; the table shows how each changes the difference between the methods. Every row but the first is marked,
    since its protocol is not the published one.

    Example: bench quirks dpo ddo_rm --setting pythia410m_ultrafeedback
    """
    from benchbench.commands import quirks as command
    from benchbench.commands.run_plan import RunOptions
    from benchbench.report.quirks import shown_audit

    options = RunOptions(
        device,
        workers,
        runs,
        results,
        dry_run,
        executor=executor,
        world_size=world_size,
        shard_layers=shard_layers,
        device_share=device_share,
        verify=verify,
    )
    request = command.QuirksRequest(targets, setting, seeds, baseline, only or [], overrides or [])
    prepared = command.prepare_audit(request, options)
    if dry_run:
        print_plan([prepared.session], options.store, as_json=as_json)
        return
    console = stderr()
    audited = command.audit(prepared, options, console)
    if as_json:
        rows = [asdict(row) for row in audited.rows]
        print_json({"headline": list(audited.headline), "reported": audited.reported, "rows": rows})
        return
    metric, scoring = audited.headline
    for candidate in dict.fromkeys(row.candidate for row in audited.rows):
        rows = [row for row in audited.rows if row.candidate == candidate]
        title = f"{metric} under {scoring}, {candidate} against {rows[0].baseline}"
        print_rows(shown_audit(rows, metric, scoring), title=title)
    for line in command.footnotes(audited.reported, audited.rows):
        print_note(line)
    console.print("written: " + ", ".join(audited.files), highlight=False)
