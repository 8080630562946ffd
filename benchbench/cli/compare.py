"""`bench compare METHOD METHOD ...`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr, stdout
from benchbench.cli.plan import print_plan


def compare(
    targets: Annotated[list[str], typer.Argument(help="Methods (METHOD or METHOD@VARIANT) or recipe files.")],
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
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    dry_run: arguments.DryRun = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare methods, paired by seed and prompt.

    Missing stages are run first. Every difference has an interval; the table always has a row for the SFT policy.

    Example: bench compare dpo simpo --seeds 42 13 3407
    """
    from benchbench.commands.compare import run as command
    from benchbench.commands.compare.win_rates import NO_SAMPLES
    from benchbench.commands.run_plan import RunOptions
    from benchbench.report.comparison import terminal_table
    from benchbench.report.flags import shown_flags

    options = RunOptions(device, workers, runs, results)
    request = command.CompareRequest(
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
    )
    prepared = command.prepare_comparison(request, options)
    if not as_json and prepared.notice:
        stdout().print(prepared.notice, highlight=False)
    if dry_run:
        print_plan([prepared.session.plan], options.store, as_json=as_json)
        return
    console = stderr()
    compared = command.compare(prepared, request, options, console)
    if as_json:
        print_json(
            {
                "notice": prepared.notice,
                "budgets": compared.budgets,
                "headline": list(compared.headline),
                "comparisons": [asdict(row) for row in compared.comparisons],
                "flagged": [asdict(row) for rows in compared.flagged for row in rows if row.n_flagged],
                **(NO_SAMPLES if compared.samples is None else compared.samples.as_values()),
                "files": compared.files,
            }
        )
        return
    for line in compared.budgets:
        stdout().print(line, highlight=False, markup=False)
    for (metric, scoring), about in zip(compared.shown, map(shown_flags, compared.flagged), strict=True):
        stdout().print(terminal_table(compared.comparisons, metric, scoring))
        if about is not None:
            print_rows(about[1], title=about[0])
    for title, rows in compared.samples.tables() if compared.samples is not None else ():
        stdout().print()
        print_rows(rows, title=title)
    console.print("written: " + ", ".join(compared.files), highlight=False)
