"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Setting = Annotated[str | None, typer.Option("--setting", help="Name of a setting, or path of a setting file.")]
Seeds = Annotated[
    list[str] | None,
    typer.Option("--seeds", help="Seeds, one run each: --seeds 42 13 3407. Default: those of the recipe."),
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
        help="Stages that run at the same time. Default: one per GPU, which is also the maximum; on CPU one per core "
        "for small models.",
    ),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        help="local: each stage in one process. torchrun: what trains or draws in several, one on each device. ray: as "
        "local, on the hosts of a Ray cluster. auto: torchrun for what one GPU is computed not to hold, else local.",
    ),
]
WorldSize = Annotated[
    int | None,
    typer.Option(
        "--world-size",
        help="With --executor torchrun: processes that run a stage together. Default: one on each GPU.",
    ),
]
ShardLayers = Annotated[
    bool,
    typer.Option("--shard-layers", help="With --executor torchrun: each process keeps a part of every decoder layer."),
]
DeviceShare = Annotated[
    float,
    typer.Option(
        "--device-share",
        help="Part of a GPU that a stage takes: 0.25 runs four on each. What vLLM draws takes a whole one.",
    ),
]
Runs = Annotated[
    Path | None,
    typer.Option("--runs", help="Folder of finished stages. Default: runs/ below BENCH_HOME or the working folder."),
]
Results = Annotated[
    Path | None,
    typer.Option("--results", help="Folder of tables. Default: results/ below BENCH_HOME or the working folder."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print the plan, what is finished and the estimated time; run and fetch nothing."),
]
Verify = Annotated[
    bool,
    typer.Option(
        "--verify",
        help="Compare what the recipes read of the hub's cache with the hub's hashes again. Without it a file is "
        "compared at its first use, and when its size, time or inode changed.",
    ),
]
LogTo = Annotated[
    str | None,
    typer.Option(
        "--log-to",
        help="Pass training curves on while they grow: tensorboard, trackio or wandb, each an extra of the package. "
        "Default: to none.",
    ),
]
