"""`bench analyse ls | show NAME | NAME FILE...`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows, stdout

MOST_ROWS = 40
"""Rows of a table that are printed; the rest is in its file."""


def analyse(
    name: Annotated[str, typer.Argument(help="Name of an analysis; `ls` lists them, `show NAME` prints one.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Its inputs in their order, or INPUT=FILE: .jsonl, .json, .parquet, .csv or .tsv."),
    ] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="An option: --set beam=4. Repeatable.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the results: report.md, a CSV per table, charts as SVG, other files."),
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Run a published analysis of preferences on rows of files.

    `bench analyse ls` lists all, `bench analyse show NAME` says what one asks, reads and takes, and from which paper.
    Nothing is trained; no model is loaded.

    Example: bench analyse pairs_rank verdicts.jsonl gold=scores.csv --set beam=4
    """
    if name in ("ls", "show"):
        if sets or out is not None:
            raise typer.BadParameter(f"{name} takes no --set and no --out; they belong to an analysis")
        (_list if name == "ls" else _show)(files or [], as_json)
    else:
        _run(name, files or [], sets or [], out, as_json)


def _list(words: list[str], as_json: bool) -> None:
    if words:
        raise typer.BadParameter(f"ls takes no further words, found {' '.join(words)}")
    from benchbench.commands.analyse.describe import list_analyses

    rows = list_analyses()
    if as_json:
        print_json(rows)
        return
    print_rows(rows)
    print_note("bench analyse show NAME: what it asks, what its files hold, its options and its source")


def _show(words: list[str], as_json: bool) -> None:
    if len(words) != 1:
        raise typer.BadParameter(f"show takes the name of one analysis, found {len(words)}")
    from benchbench.commands.analyse.describe import describe_analysis
    from benchbench.report.analysis_page import analysis_lines

    described = describe_analysis(words[0])
    if as_json:
        print_json(described)
        return
    for line in analysis_lines(described):
        stdout().print(line, highlight=False, markup=False)


def _run(name: str, files: list[str], sets: list[str], out: Path | None, as_json: bool) -> None:
    from benchbench.commands.analyse.run import AnalysisRequest, run_analysis
    from benchbench.commands.analyse.written import write_analysis

    analysed = run_analysis(AnalysisRequest(name, files, sets))
    command = shlex.join(["bench", "analyse", name, *files, *(word for text in sets for word in ("--set", text))])
    written = [] if out is None else write_analysis(name, command, analysed, out)
    if as_json:
        tables = {table.name: list(map(dict, table.rows)) for table in analysed.tables}
        print_json({"analysis": name, "tables": tables, "notes": analysed.notes, "written": list(map(str, written))})
        return
    for table in analysed.tables:
        print_rows(table.rows[:MOST_ROWS], title=table.title)
        if len(table.rows) > MOST_ROWS:
            print_note(f"{len(table.rows) - MOST_ROWS} more rows; --out FOLDER writes all, --json prints them")
        print_note("")
    for note in analysed.notes:
        print_note(note)
    unwritten = [*analysed.files, *(f"{chart.name}.svg" for chart in analysed.charts)] if out is None else []
    if unwritten:
        print_note(f"not written: {', '.join(unwritten)}; --out FOLDER writes everything")
    for path in written:
        stdout().print(f"written: {path}", highlight=False, markup=False)
