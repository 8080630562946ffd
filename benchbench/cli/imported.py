"""`bench compare --from FILE ...`: what of `bench compare` has a meaning without any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from benchbench.cli.output import print_json, print_layout, print_note
from benchbench.cli.unread import refuse_unread

OF_TRAINING = frozenset(
    {
        *("setting", "seeds", "overrides", "allow_mixed", "pairs_only", "prompts", "device", "workers"),
        *("executor", "world_size", "shard_layers", "device_share", "log_to", "runs", "results", "verify"),
        *("dry_run", "match", "at", "grid"),
    }
)
"""Parameters that say how to train, which --from does not."""
OF_FILES = frozenset({"headline", "tasks", "seeds_of", "cluster"})
"""Parameters that only --from reads."""


def refuse_other_form(context: typer.Context, *, with_files: bool) -> None:
    """Refuse options that the other kind of comparison reads.

    Raises:
        BenchError: every one that was named.
    """
    if with_files:
        why = "--from reads finished results and trains nothing; leave out what it cannot obey"
        refuse_unread(context, OF_TRAINING, why)
    else:
        refuse_unread(context, OF_FILES, "only read with --from FILE; leave it out, or name files of another tool")


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
