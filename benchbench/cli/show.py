"""`bench show data | samples | run`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import can_print, print_json, print_note, print_rows, print_whole, terminal_width

app = typer.Typer(help="Look at examples, answers and runs.", no_args_is_help=True)
Seed = Annotated[str | None, typer.Option("--seed", help="One seed. Default: the recipe's first.")]


@app.command("run")
def run(
    target: Annotated[
        str, typer.Argument(help="METHOD, METHOD@VARIANT or recipe file; or a stage by its key or its folder.")
    ],
    setting: arguments.Setting = None,
    seed: Seed = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Show where a run is, how it went, its curves and its settings.

    A key may be cut short, as in preference/3f2a. Finished runs and those that still run are shown alike.

    Example: bench show run dpo --setting tiny --seed 42
    """
    from benchbench.commands.recipes import leaves
    from benchbench.commands.run_plan import RunOptions
    from benchbench.commands.show.run import show_run
    from benchbench.report.run_page import curve_rows, plot_lines, record_lines, value_text
    from benchbench.report.sparkline import ASCII, BLOCKS
    from benchbench.store.stage_files import curves

    shown = show_run(target, setting=setting, seed=seed, overrides=overrides or [], options=RunOptions(runs=runs))
    if as_json:
        print_json(shown.as_values())
        return
    files, blocks = shown.files, BLOCKS if can_print(BLOCKS) else ASCII
    facts = shown.state.shown()
    print_note(f"{files.spec.title}: {facts['state']}, {facts['progress']}, last heartbeat {facts['heartbeat']}")
    if shown.state.message:
        print_note(f"failed: {shown.state.message}")
    for name, value in {"key": files.key, "folder": files.folder, "model": shown.model or "none"}.items():
        print_note(f"{name}: {value}")
    for line in [] if files.record is None else record_lines(files.record):
        print_note(line)
    named = curves(files.log)
    if "loss" in named:
        print_whole(["", *plot_lines("loss", named["loss"], terminal_width(), blocks=blocks)])
    print_note("")
    print_rows(curve_rows(named, blocks=blocks))
    print_note("")
    inputs = {f"input {name}": key for name, key in files.spec.inputs.items()}
    settings = {**inputs, **dict(leaves(files.spec.settings))}
    for name, value in settings.items():
        print_note(f"{name}: {value_text(value)}")
