"""`bench reread FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows


def reread(
    file: Annotated[Path, typer.Argument(help="A published table as CSV; its columns are listed above.")],
    baseline: arguments.Baseline = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", help="Other names of columns: --columns value=accuracy k=n_seeds."),
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="Rows to read: --where table=main. Default: all.")
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Say which differences of a published table hold.

    Nothing is run. Each method is compared with the baseline by what the table reports, and all differences are
    corrected as one family; the table says what so many seeds could have seen.

    Columns: `method`, `value` (mean over seeds), `k` (number of seeds), and `spread` with its `spread_type`: `sd` over
    seeds, `se`, `ci95` (half of the interval) or `none`; or a column `sd`, `se` or `ci95`. Optional: `ddof` (0 for a
    population sd), `metric`, `n` (test items), `baseline` (of the row). `value_pct`, `sd_pct` and the like, `n_seeds`
    and `sd_ddof` are read too where the name itself is not there. A spread of 0, none, or that of one seed is
    unknown, and leaves no interval.

    Example: bench reread table.csv --baseline DPO
    """
    from benchbench.commands.reread import reread as command
    from benchbench.report.reported import FOOTNOTES, answer, records, sentence, tidy

    table = command(file, baseline=baseline, columns=columns or [], where=where or [])
    if as_json:
        rows = [tidy(row) for row in table.rows]
        print_json({"answer": answer(table.rows), "rows": rows, "notes": table.notes})
        return
    for line in answer(table.rows):
        print_note(line)
    print_note("")
    print_rows(records(table.rows))
    for line in ("", *map(sentence, table.rows), "", *FOOTNOTES, *table.notes):
        print_note(line)
