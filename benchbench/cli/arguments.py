"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Setting = Annotated[str | None, typer.Option("--setting", help="Setting by name, or path of a setting file.")]
Seeds = Annotated[
    list[str] | None,
    typer.Option("--seeds", help="Seeds, one cell each: --seeds 42 13 3407. Default: those the recipe pins."),
]
Baseline = Annotated[str | None, typer.Option("--baseline", help="Row to compare with. Default: the first.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override one value: --set preference.learning_rate=5e-7. Repeatable; rows are marked."),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda (every card) or cuda:N (that card alone).")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        help="Stages side by side. Default: one per GPU, which is the most; on CPU one per core for small models.",
    ),
]
Runs = Annotated[
    Path | None, typer.Option("--runs", help="Folder of stage artefacts. Default: runs/ under BENCH_HOME or here.")
]
Results = Annotated[
    Path | None, typer.Option("--results", help="Folder of tables. Default: results/ under BENCH_HOME or here.")
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable JSON on stdout, nothing else.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan, what is finished, an estimate; run nothing.")]
