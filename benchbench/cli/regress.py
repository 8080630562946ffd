"""`bench regress [FOLDER]`."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr


def regress(
    folder: Annotated[Path | None, typer.Argument(help="Reference results. Default: results/reference/tiny.")] = None,
    tiers: Annotated[
        list[int] | None, typer.Option("--tier", min=1, max=3, help="1, 2 or 3. Repeatable. Default: all.")
    ] = None,
    seeds: arguments.Seeds = None,
    canary: Annotated[
        str | None, typer.Option("--canary", help="KEY=VALUE that makes a run known to be bad; it must be noticed.")
    ] = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: Annotated[
        Path | None,
        typer.Option("--runs", help="Folder of stage artefacts, kept; what is finished there is not trained again."),
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Find out whether a number moved.

    Tier 1 computes the committed numbers from the committed rows and verdicts, tier 2 scores the committed checkpoint
    again, tier 3 trains one new seed, which must fall into the prediction interval of the committed ones; a breach of
    the headline is tried once more with a second new seed, any other number outside warns. Exit code 3 where a number
    moved.

    Example: bench regress results/reference/tiny --canary data.options.flip_rate=1.0
    """
    from benchbench.commands.regress import run as command
    from benchbench.commands.regress.reference import read_reference
    from benchbench.commands.resolve import parse_seeds
    from benchbench.commands.run_plan import RunOptions
    from benchbench.store.reference import ReferenceStore

    options = RunOptions(device, workers, runs)
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
    rows = [asdict(finding) for finding in findings]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)
    raise typer.Exit(int(command.exit_code(findings)))
