"""`bench clean`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows
from benchbench.core.errors import BenchError


def clean(
    runs: arguments.Runs = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            help="Folder of tables that rest on these runs. Repeatable: name every one. Default: results/ below "
            "BENCH_HOME or the working folder.",
        ),
    ] = None,
    with_round_models: Annotated[
        bool,
        typer.Option(
            "--round-models",
            help="Drop the models of rounds that are over, too: all but each last one. A command that reads one again "
            "trains it again.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without asking.")] = False,
    as_json: arguments.Json = False,
) -> None:
    """Remove what nothing in results rests on, after showing it with sizes.

    Stages, merged models, tokens, prepared data, tokenizers, drafts of killed processes and what was set aside as
    damaged. Whatever a file of results names stays, with all that it was made from, and so does what a command that
    runs has planned. Judges' answers, hashes and results are never removed.

    Example: bench clean --dry-run
    """
    from benchbench.commands.clean import clean as remove
    from benchbench.commands.clean import size, unused
    from benchbench.store.runs import RunStore, default_results, default_root

    store = RunStore(runs or default_root())
    cleaning = unused(store, results or [default_results()], with_round_models=with_round_models)
    if not as_json:
        print_rows(cleaning.rows())
        for line in cleaning.stay_lines():
            print_note(line)
        print_note(f"{store.root}: {len(cleaning.unused)} things that nothing rests on, {size(cleaning.bytes)}")
    if cleaning.unused and not dry_run and (yes or _agrees(as_json=as_json)):
        cleaning = remove(store, cleaning)
        if not as_json:
            print_note(f"removed {len(cleaning.removed)} of them, {size(cleaning.freed)} freed")
    if as_json:
        print_json(cleaning.as_values())


def _agrees(*, as_json: bool) -> bool:
    """What a person at a terminal answers.

    Raises:
        BenchError: nobody is there to be asked.
    """
    if as_json or not sys.stdin.isatty():
        raise BenchError("bench clean: expected --yes, --dry-run or a terminal to ask at, found none of them; add one")
    return typer.confirm("remove these?", err=True)
