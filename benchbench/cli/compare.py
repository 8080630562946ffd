"""`bench compare METHOD METHOD ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments, imported
from benchbench.cli.output import print_json, print_layout, print_note, print_rows, stderr
from benchbench.cli.plan import print_plan
from benchbench.core.errors import BenchError


def compare(
    context: typer.Context,
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Methods (METHOD or METHOD@VARIANT) or recipe files; with --from, models."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--from", help="Train nothing: compare results of other tools. Files, folders, NAME=FILE."),
    ] = None,
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    baseline: arguments.Baseline = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metrics", help="Further tables: METRIC or METRIC/SCORING, as in auc mean_margin/logp_sum."),
    ] = None,
    overrides: arguments.Set = None,
    allow_different: Annotated[
        bool, typer.Option("--allow-different", help="Compare although settings differ; every row is marked.")
    ] = False,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Compare rows from different kinds of device; they are marked.")
    ] = False,
    pairs_only: Annotated[bool, typer.Option("--pairs-only", help="Neither draw nor judge responses.")] = False,
    prompts: Annotated[
        Path | None,
        typer.Option("--prompts", help="Draw and judge answers to this file's prompts instead, as for eval."),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option("--match", help="Mark rows that were not given alike: labels, responses or updates."),
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Compare curves at this KL to the start: kl=1.0, nats a response.")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            help="A row for each value, key=v1,v2 for all methods or METHOD:key=v1,v2 for one; a method's rows are one "
            "curve over the KL. Repeatable; all are combined.",
        ),
    ] = None,
    headline: Annotated[
        str | None, typer.Option("--headline", help="With --from: metric of the first table. Default: the tool's own.")
    ] = None,
    tasks: Annotated[
        list[str] | None, typer.Option("--tasks", help="With --from: tasks or subsets to compare. Default: all.")
    ] = None,
    seeds_of: Annotated[
        list[str] | None, typer.Option("--seed-of", help="With --from: models whose runs are its training seeds.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="With --from: column that names clusters of items: --cluster subject."),
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
    verify: arguments.Verify = False,
    dry_run: arguments.DryRun = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare methods, paired by seed and prompt.

    Missing stages are run first. Every difference has an interval; the table always has a row for the SFT policy.

    With --from, nothing is run: results of lm-evaluation-harness, alpaca_eval, arena-hard-auto and reward-bench are
    compared, paired by item.

    Example: bench compare dpo simpo --seeds 42 13 3407
    """
    imported.refuse_other_form(context, with_files=bool(files))
    if files:
        imported.compare_files(
            files,
            as_json=as_json,
            targets=targets or [],
            baseline=baseline,
            headline=headline,
            metrics=metrics or [],
            tasks=tasks or [],
            seeds_of=seeds_of or [],
            cluster=cluster,
            allow_different=allow_different,
        )
        return
    if not targets:
        raise BenchError("compare: expected methods or recipes, or files of other tools with --from; found none")
    from benchbench.commands.compare.run import CompareRequest, planned_draws, prepare_comparison
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
    request = CompareRequest(
        targets,
        setting,
        seeds,
        baseline,
        overrides or [],
        metrics or [],
        allow_different,
        allow_mixed,
        pairs_only,
        prompts,
        match or [],
        at or [],
        grid or [],
    )
    prepared = prepare_comparison(request, options)
    if not as_json and prepared.notice:
        print_note(prepared.notice)
    if dry_run:
        print_plan([prepared.session], options.store, as_json=as_json, ledger=planned_draws(prepared))
        return
    from benchbench.commands.compare.shown import show

    console = stderr()
    shown = show(prepared, request, options, console)
    if as_json:
        print_json(shown.document)
        return
    for line in [*shown.budgets, ""]:
        print_note(line)
    for layout, flags in shown.tables:
        print_layout(layout)
        if flags is not None:
            print_rows(flags[1], title=flags[0])
    for title, rows in [*shown.samples, *shown.beside]:
        print_note("")
        print_rows(rows, title=title)
    console.print(("written: " if shown.is_new else "unchanged: ") + ", ".join(shown.files), highlight=False)
