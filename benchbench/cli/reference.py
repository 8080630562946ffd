"""`bench reference METHOD ...`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, stderr, stdout


def reference(
    targets: Annotated[list[str], typer.Argument(help="Methods or recipe files; the first is the baseline.")],
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Row whose first seed's model is stored.")],
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Folder to write and commit. Default: results/reference/SETTING.")
    ] = None,
    pairs_only: Annotated[
        bool, typer.Option("--pairs-only", help="Neither draw nor judge responses, so no win rates.")
    ] = False,
    readme: Annotated[
        list[Path] | None,
        typer.Option("--readme", help="Document whose marked parts are replaced by the tables. Repeatable."),
    ] = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: arguments.Runs = None,
    results: arguments.Results = None,
    verify: arguments.Verify = False,
    as_json: arguments.Json = False,
) -> None:
    """Write reference results to commit.

    They are the rows, verdicts, tables and one checkpoint that `bench regress` compares with. Five seeds or more are
    needed.

    Example: bench reference dpo simpo ddo_rm --seeds 42 13 3407 7 11 --checkpoint dpo
    """
    from benchbench.commands.compare.run import CompareRequest
    from benchbench.commands.reference.documents import fill_documents
    from benchbench.commands.reference.run import write_reference
    from benchbench.commands.run_plan import RunOptions

    options = RunOptions(device, workers, runs, results, verify=verify)
    name = setting or "tiny"
    place = folder or options.results_root / "reference" / Path(name).stem
    written = write_reference(
        CompareRequest(targets, setting, seeds, pairs_only=pairs_only),
        checkpoint=checkpoint,
        folder=place,
        command="bench " + shlex.join(_without_places(sys.argv[1:])),
        options=options,
        console=stderr(),
    )
    fill_documents(readme or [], place, runs=options.store.root)
    if as_json:
        print_json({**written.about, "folder": str(place), "tables": written.tables})
    else:
        stdout().print(written.tables, highlight=False, markup=False)


_LOOKS = "--verify"
"""Reads files again, and moves no number."""
_PLACES = ("--runs", "--results", "--folder", "--device", "--workers")


def _without_places(words: list[str]) -> list[str]:
    """A command line without what is one machine's own: where files are, and what it runs on."""
    portable: list[str] = []
    skip = False
    for word in words:
        named = word.partition("=")[0] in _PLACES
        if not skip and not named and word != _LOOKS:
            portable.append(word)
        skip = named and "=" not in word
    return portable
