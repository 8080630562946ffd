"""`bench report [TARGET...]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note


def report(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            help="Ids of comparisons or the beginnings of them, their folders, or settings, whose newest is meant. "
            "Default: the newest of all."
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="Any of html, md (with its figures), tex (tables for booktabs), pdf, svg (figures) and csv (what all "
            "is made of). Default: html md.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to. Default: the comparison's own.")
    ] = None,
    no_audit: Annotated[
        bool, typer.Option("--no-audit", help="Leave the audit of the data out where there is none yet.")
    ] = False,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    as_json: arguments.Json = False,
) -> None:
    """Make a page of a comparison: one HTML file that needs no network, and the same in Markdown.

    From what `bench compare` left in results/SETTING/comparisons/ID; nothing runs. The first page over some data
    audits them, which takes a while.

    Example: bench report tiny --format html tex pdf
    """
    from benchbench.commands.report.run import report as write_report
    from benchbench.store.runs import default_results, default_root

    files = write_report(
        targets or [],
        formats=formats or [],
        results=results or default_results(),
        runs=runs or default_root(),
        out=out,
        with_audit=not no_audit,
    )
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return
    pages = [path for path in files if path.name.startswith("report.")]
    for path in pages:
        print_note(str(path))
    for folder in dict.fromkeys(path.parent for path in files if path not in pages):
        names = [path for path in files if path.parent == folder]
        print_note(f"{folder}: {len(names)} files")
