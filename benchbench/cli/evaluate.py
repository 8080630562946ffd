"""`bench eval TARGET`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stderr
from benchbench.cli.unread import refuse_unread

OF_MODELS = frozenset({"prompts", "setting", "seeds", "overrides", "device", "workers", "runs", "verify"})
"""Parameters that say how to run a model, which rows that are there already do not need."""


def evaluate(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            help="Recipe or METHOD (its finished cells), a model folder, HUB_ID@REVISION, or rows of lists: a score "
            "stage's folder, or a parquet or CSV file."
        ),
    ],
    prompts: Annotated[
        Path | None,
        typer.Option(
            "--prompts",
            help="Draw responses to this file's prompts instead: AlpacaEval's, Arena-Hard's or MT-Bench's format, or "
            "rows of id and prompt.",
        ),
    ] = None,
    gold: Annotated[
        str | None,
        typer.Option("--gold", help="Of rows of lists: column that says how good each candidate is ('gold')."),
    ] = None,
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    device: arguments.Device = "auto",
    workers: arguments.Workers = None,
    runs: arguments.Runs = None,
    verify: arguments.Verify = False,
    as_json: arguments.Json = False,
) -> None:
    """Measure finished cells, or a model from elsewhere.

    A cell is one seed of one recipe. The table has a row for each metric, the headline first; --json has every seed's.
    Nothing is trained here; a model folder or HUB_ID@REVISION is scored as method
    `external`. With --prompts, responses to a file of prompts are drawn instead: by the setting's `generate` section,
    one per prompt and turn. `bench export` writes them for other tools.

    Example: bench eval dpo --setting tiny
    """
    from benchbench.commands.evaluate.lists import is_rows

    if is_rows(target):
        refuse_unread(context, OF_MODELS, f"not read, since {target} holds rows that are there already; leave it out")
        _lists(target, gold, as_json=as_json)
        return
    refuse_unread(context, {"gold"}, f"not read, since {target} holds no rows of lists; leave it out")
    from benchbench.commands.evaluate.responses import draw
    from benchbench.commands.evaluate.run import evaluate as measure
    from benchbench.commands.run_plan import RunOptions
    from benchbench.report.measurements import OF_PAIRS, OF_RESPONSES, mean_rows, title

    options, console, changes = RunOptions(device, workers, runs, verify=verify), stderr(), overrides or []
    if prompts is None:
        done = measure(target, setting=setting, seeds=seeds, overrides=changes, options=options, console=console)
        frame, keys, headline = done.frame, OF_PAIRS, done.headline
    else:
        frame = draw(target, prompts, setting=setting, seeds=seeds, overrides=changes, options=options, console=console)
        keys, headline = OF_RESPONSES, ()
    if as_json:
        print_json(frame.to_dict("records"))
        return
    print_rows(mean_rows(frame, keys, first=headline), title=title(frame, first=headline))
    if prompts is not None:
        for folder in dict.fromkeys(frame["folder"]):
            console.print(f"responses: {folder}", highlight=False, markup=False)


def _lists(target: str, gold: str | None, *, as_json: bool) -> None:
    """Print the ranking metrics of score rows."""
    from benchbench.commands.evaluate.lists import about, evaluate_lists

    frame = evaluate_lists(target, gold=gold)
    if as_json:
        print_json(frame.to_dict("records"))
        return
    names = ("metric", "scoring", "value", "se", "n", "note")
    rows = [{name: row[name] for name in names} for row in frame.to_dict("records")]
    print_rows(rows, title=about(target, frame, gold=gold))
