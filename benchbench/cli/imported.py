"""`bench compare --from FILE ...`: what of `bench compare` has a meaning without any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from benchbench.cli.output import print_json, print_layout, print_note
from benchbench.core.errors import BenchError

OF_TRAINING = {
    "setting": "--setting",
    "seeds": "--seeds",
    "overrides": "--set",
    "allow_mixed": "--allow-mixed",
    "pairs_only": "--pairs-only",
    "prompts": "--prompts",
    "device": "--device",
    "workers": "--workers",
    "runs": "--runs",
    "results": "--results",
    "dry_run": "--dry-run",
}
"""Parameter -> option, of what says how to train, which --from does not."""
OF_FILES = {"headline": "--headline", "tasks": "--tasks", "seeds_of": "--seed-of", "cluster": "--cluster"}
"""Parameter -> option, of what only --from reads."""


def refuse_unread(context: typer.Context, *, with_files: bool) -> None:
    """Refuse options that the other kind of comparison reads.

    Raises:
        BenchError: every one that was named.
    """
    others = OF_TRAINING if with_files else OF_FILES
    named = [option for name, option in others.items() if _is_named(context, name)]
    if named and with_files:
        raise BenchError(
            f"{', '.join(named)}: --from reads finished results and trains nothing; leave out what it cannot obey"
        )
    if named:
        raise BenchError(f"{', '.join(named)}: only read with --from FILE; leave it out, or name files of another tool")


def _is_named(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def compare_files(files: Sequence[str], *, as_json: bool, **options: Any) -> None:
    """Compare, and print tables and notes, or one JSON document.

    Args:
        files: `PATH` or `NAME=PATH`.
        as_json: print one document.
        options: the other fields of `FilesRequest`.
    """
    from benchbench.commands.imported.compare import FilesRequest
    from benchbench.commands.imported.compare import compare_files as command
    from benchbench.report.items import items_layouts

    compared = command(FilesRequest(files, **options))
    if as_json:
        print_json({"comparisons": [asdict(row) for row in compared.comparisons], "notes": compared.notes})
        return
    for table in compared.tables:
        for layout in items_layouts(table):
            print_layout(layout)
    for note in compared.notes:
        print_note(note)
