"""`bench eval TARGET`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr

SHOWN = ("method", "seed", "metric", "scoring", "value", "se", "n", "unit", "note")
SHOWN_OF_RESPONSES = ("method", "seed", "turn", "metric", "value", "se", "n", "unit", "engine", "note")


def evaluate(
    target: Annotated[
        str, typer.Argument(help="Recipe or METHOD (its finished cells), a model folder, or HUB_ID@REVISION.")
    ],
    prompts: Annotated[
        Path | None,
        typer.Option(
            "--prompts",
            help="Draw responses to this file's prompts instead: AlpacaEval's, Arena-Hard's or MT-Bench's format, or "
            "rows of id and prompt.",
        ),
    ] = None,
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Measure finished cells, or a model from elsewhere.

    A cell is one seed of one recipe. Nothing is trained here; a model folder or HUB_ID@REVISION is scored as method
    `external`. With --prompts, responses to a file of prompts are drawn instead: by the setting's `generate` section,
    one per prompt and turn. `bench export` writes them for other tools.

    Example: bench eval dpo --setting tiny
    """
    from benchbench.commands.evaluate.responses import draw
    from benchbench.commands.evaluate.run import evaluate as measure
    from benchbench.commands.run_plan import RunOptions

    options, console, changes = RunOptions(device, workers, runs), stderr(), overrides or []
    if prompts is None:
        frame = measure(target, setting=setting, seeds=seeds, overrides=changes, options=options, console=console)
    else:
        frame = draw(target, prompts, setting=setting, seeds=seeds, overrides=changes, options=options, console=console)
    if as_json:
        print_json(frame.to_dict("records"))
        return
    shown = SHOWN if prompts is None else SHOWN_OF_RESPONSES
    print_rows(frame.loc[:, list(shown)].to_dict("records"))
    if prompts is not None:
        for folder in dict.fromkeys(frame["folder"]):
            console.print(f"responses: {folder}", highlight=False, markup=False)
