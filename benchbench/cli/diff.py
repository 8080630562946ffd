"""`bench diff A B`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows

_NAMED = "METHOD, METHOD@VARIANT or recipe file; or a stage by its key or its folder."


def diff(
    a: Annotated[str, typer.Argument(help=_NAMED)],
    b: Annotated[str, typer.Argument(help=_NAMED)],
    setting: arguments.Setting = None,
    seeds: Annotated[
        list[str] | None,
        typer.Option("--seeds", help="One seed for both methods, or one for each. Default: each recipe's first."),
    ] = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Say what tells two runs apart, down to the first step at which their losses part.

    Settings, data, rows that were dropped or cut, versions and hardware of every stage that the runs rest on. What has
    not run is compared by its settings. A folder may be one of another machine's runs/.

    Example: bench diff dpo simpo --setting tiny --seeds 42
    """
    from benchbench.commands.diff.differences import compare_sides
    from benchbench.commands.diff.sides import DiffRequest, open_sides
    from benchbench.commands.run_plan import RunOptions
    from benchbench.report.run_diff import difference_tables, parting_line, parting_rows

    request = DiffRequest((a, b), setting, seeds, overrides or [])
    apart = compare_sides(*open_sides(request, RunOptions(runs=runs)))
    if as_json:
        print_json(apart.as_values())
        return
    for letter, side in (("A", apart.a), ("B", apart.b)):
        root = next(iter(side.stages.values()))
        print_note(f"{letter}: {side.name} ({root.key})")
    for title, rows in difference_tables(apart.differences):
        print_note("")
        print_rows(rows, title=title)
    if apart.partings:
        print_note("")
        print_rows(parting_rows(apart.partings), title="logs")
    print_note("")
    lines = [parting_line(apart.partings)]
    lines += [f"{way}: logs are equal in every step that both have" for way in apart.equal_logs]
    lines += [f"one and the same stage on both sides: {', '.join(apart.same)}"] if apart.same else []
    lines += [f"only A has {stage}" for stage in apart.only_a] + [f"only B has {stage}" for stage in apart.only_b]
    for letter, side in (("A", apart.a), ("B", apart.b)):
        lines += [f"{letter}: not there, so not compared: {', '.join(side.missing)}"] if side.missing else []
    if not apart.differences and not apart.partings:
        lines.append("nothing tells the two apart")
    for line in filter(None, lines):
        print_note(line)
