"""`bench verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note
from benchbench.core.errors import ExitCode


def verify(
    path: Annotated[
        Path | None, typer.Argument(help="Folder that holds runs and results. Default: BENCH_HOME, else this one.")
    ] = None,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    as_json: arguments.Json = False,
) -> None:
    """Read every file again, and say which are damaged and what rests on them.

    Stages, prepared data, tokenizers, token ids, kept answers of judges, tables, and references are compared with the
    hashes that were written with them, datasets with the content that data were prepared from, models and other files
    that recipes name with what stages were planned with, and what these runs read of the hub's cache with the hub's
    hashes. Nothing is changed: the next command that reads something damaged sets it aside and makes it again, and
    refuses a damaged file of the hub's cache. Exit code 5 if anything is damaged.

    Example: bench verify
    """
    from benchbench.commands.verify import verify as command
    from benchbench.store.runs import default_results, default_root

    verified = command(
        runs or (path / "runs" if path else default_root()),
        results or (path / "results" if path else default_results()),
    )
    if as_json:
        print_json(verified.as_values())
    else:
        for line in verified.lines():
            print_note(line)
    if verified.damages:
        raise typer.Exit(int(ExitCode.UNAVAILABLE))
