"""`bench plan RECIPE ... --on 8xH100`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows
from benchbench.core.errors import BenchError


def plan(
    targets: Annotated[list[str], typer.Argument(help="Recipe files, or METHOD or METHOD@VARIANT in a setting.")],
    on: Annotated[str, typer.Option("--on", help="Number and kind of devices: 8xH100; cpu is this machine.")],
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    price: Annotated[
        float | None, typer.Option("--price", help="What one device costs an hour, in any currency.")
    ] = None,
    start: Annotated[float, typer.Option("--start", help="Seconds of start that each stage has before its work.")] = 20,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Estimate memory, time and cost of recipes on devices.

    Reads the same plan as --dry-run; nothing runs, nothing is fetched. Memory is computed of the model's configuration,
    time of its operations at a rate that finished stages on such a device measured, or else at a share of the stated
    one that is assumed. What is not known is said, and is no zero. Exit code 2 where a stage fits on none of the
    devices; the message says what would hold it.

    Example: bench plan dpo simpo --on 8xH100 --seeds 42 13 3407
    """
    from benchbench.commands.costs.run import CostRequest, planned_costs
    from benchbench.commands.costs.shown import cost_document, cost_lines, cost_rows, nowhere_lines
    from benchbench.commands.run_plan import RunOptions

    request = CostRequest(targets, on, setting, seeds, overrides or [], start, price)
    report = planned_costs(request, RunOptions(runs=runs, dry_run=True))
    if as_json:
        print_json(cost_document(report))
    else:
        print_rows(cost_rows(report.costs))
        for line in cost_lines(report):
            print_note(line)
    if nowhere := nowhere_lines(report.costs):
        raise BenchError("\n".join([f"--on {on}: fits nowhere:", *(f"  {line}" for line in nowhere)]))
