"""`bench show data | samples | run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import can_print, print_json, print_note, print_rows, print_whole, terminal_width

app = typer.Typer(help="Look at examples, answers and runs.", no_args_is_help=True)
Seed = Annotated[str | None, typer.Option("--seed", help="One seed. Default: the recipe's first.")]


@app.command("data")
def data(
    target: Annotated[str, typer.Argument(help="Recipe file, or METHOD or METHOD@VARIANT in a setting.")],
    split: Annotated[
        str | None, typer.Option("--split", help="Default: the one that the method is trained on.")
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option("--stage", help="Read it as sft, reward_model, preference, score or generate does."),
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Id of an example. Repeatable. Default: the first ones.")
    ] = None,
    count: Annotated[int, typer.Option("--count", help="How many of the first ones.")] = 1,
    setting: arguments.Setting = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Show examples as a stage reads them: text, tokens, what is scored, what is cut.

    Signs around tokens say what becomes of them, and colours too where stdout is a terminal (NO_COLOR turns them off).
    Ratings, columns, spans and what training leaves out are told. Needs data and tokenizer, no weights.

    Example: bench show data dpo --setting tiny --count 2
    """
    from benchbench.commands.show.data import ExampleRequest, show_examples
    from benchbench.report.example_page import LEGEND, example_lines, reading_line
    from benchbench.store.runs import default_root

    request = ExampleRequest(target, setting, overrides or [], split, stage, ids or [], count)
    shown = show_examples(request, runs or default_root())
    if as_json:
        print_json(shown.as_values())
        return
    read = shown.read
    print_note(
        f"split {read.split} ({shown.total} examples) as {read.stage} reads it: {reading_line(read.tokenization)}"
    )
    for note in (*shown.notes, LEGEND):
        print_note(note)
    for each in shown.examples:
        print_whole(["", [(f"example {each.example.id}", "bold underline")]])
        print_whole(example_lines(each, terminal_width()))


@app.command("samples")
def samples(
    targets: Annotated[list[str], typer.Argument(help="Two methods or recipes: METHOD, METHOD@VARIANT or a file.")],
    setting: arguments.Setting = None,
    seed: Seed = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="File of prompts whose answers are shown. Default: the setting's.")
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Id of a prompt. Repeatable. Default: the first ones.")
    ] = None,
    won: Annotated[str | None, typer.Option("--won", help="Only prompts that this one of the two won, or tie.")] = None,
    count: Annotated[int, typer.Option("--count", help="How many of the first ones.")] = 3,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Show two methods' answers side by side, with the verdicts in both orders.

    Answers stand below each other where the terminal has fewer than 100 columns. Nothing is drawn or judged here.

    Example: bench show samples dpo simpo --setting my_setting.yaml --won simpo
    """
    from benchbench.commands.run_plan import RunOptions
    from benchbench.commands.show.samples import SamplesRequest, show_samples
    from benchbench.report.answers import answer_lines

    request = SamplesRequest(targets, setting, seed, overrides or [], prompts, ids or [], won, count)
    shown = show_samples(request, RunOptions(runs=runs))
    if as_json:
        answers = [row.as_values() for row in shown.answered]
        print_json(
            {
                "labels": shown.labels,
                "seed": shown.seed,
                "answered": shown.total,
                "answers": answers,
                "notes": list(shown.notes),
            }
        )
        return
    for row in shown.answered:
        print_whole([*answer_lines(row, terminal_width()), ""])
    for note in (f"seed {shown.seed}: {len(shown.answered)} of {shown.total} answers shown", *shown.notes):
        print_note(note)


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
    from benchbench.report.run_page import curve_rows, failure_lines, plot_lines, record_lines, value_text
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
    if files.record is not None and files.record.status == "failed":
        print_whole([*failure_lines(files.record, files.log), ""])
    if shown.state.owner:
        print_note(f"by: {shown.state.owner}")
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
