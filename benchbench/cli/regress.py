"""`bench regress [FOLDER]`."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows, stderr


def regress(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of reference results. Default: results/reference/tiny.")
    ] = None,
    tiers: Annotated[
        list[int] | None, typer.Option("--tier", min=1, max=3, help="Tier to run. Repeatable. Default: all.")
    ] = None,
    seeds: arguments.Seeds = None,
    canary: Annotated[
        str | None, typer.Option("--canary", help="KEY=VALUE that spoils a run, which must then be noticed.")
    ] = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: Annotated[
        Path | None,
        typer.Option(
            "--runs",
            help="Folder of finished stages, which are not run again. Default: a temporary folder.",
        ),
    ] = None,
    verify: arguments.Verify = False,
    badge: Annotated[
        Path | None, typer.Option("--badge", help="JSON file for a badge of shields.io, with the verdict.")
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Find out whether a number moved.

    Tier 1 computes the committed numbers from the committed rows and verdicts, and compares every file with the
    manifest that `bench reference` wrote. Tier 2 scores the committed checkpoint
    again. Tier 3 trains one new seed, whose numbers must lie in the prediction intervals of the committed seeds: if the
    headline metric does not, a second new seed is tried; any other number outside is only a warning. The last line
    says what it came to. Exit code 3 if a number moved.

    Example: bench regress results/reference/tiny --canary data.options.flip_rate=1.0
    """
    from benchbench.commands.regress import run as command
    from benchbench.commands.regress.reference import read_reference
    from benchbench.commands.regress.summary import Summary, write_badge
    from benchbench.commands.resolve import parse_seeds
    from benchbench.commands.run_plan import RunOptions
    from benchbench.store.reference import ReferenceStore

    options = RunOptions(device, workers, runs, verify=verify)
    place = folder or options.results_root / "reference" / "tiny"
    committed = read_reference(ReferenceStore(place))
    new = parse_seeds(seeds) or command.new_seeds(committed)
    console, findings = stderr(), []
    with tempfile.TemporaryDirectory(prefix="bench-regress-") as scratch:
        inside = replace(options, runs=runs or Path(scratch))
        wanted_tiers = tiers or command.TIERS
        if 1 in wanted_tiers:
            findings += command.recompute(committed)
        if 2 in wanted_tiers:
            findings += command.rescore(committed, inside, console)
        if 3 in wanted_tiers:
            findings += command.retrain(committed, new, overrides or [], inside, console)
        if canary is not None:
            findings.append(command.canary(committed, new[0], canary, inside, console))
    summary = Summary(place.name, findings)
    if badge is not None:
        write_badge(badge, summary)
        console.print(f"written: {badge}", highlight=False, markup=False)
    if as_json:
        print_json(summary.as_json())
    else:
        print_rows([asdict(finding) for finding in findings])
        print_note(summary.line)
    raise typer.Exit(int(command.exit_code(findings)))
