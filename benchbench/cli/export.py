"""`bench export FORMAT TARGET ...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, shown, stderr
from benchbench.cli.unread import refuse_unread

if TYPE_CHECKING:
    from benchbench.commands.export.run import Exported, ExportRequest
    from benchbench.commands.run_plan import RunOptions

OF_FORMATS = frozenset({"seeds", "prompts", "subsets", "token_len"})
"""Parameters that only the formats of other tools read."""
OF_A_RUN = frozenset({"seed"})
"""Parameters that `export model` and `export states` read, and no format of another tool."""
OF_A_MODEL = frozenset({"merge"})
"""Parameters that only `export model` reads."""
OF_STATES = frozenset({"split", "dimensions"})
"""Parameters that only `export states` reads."""


def export(
    context: typer.Context,
    format: Annotated[str, typer.Argument(help="alpaca_eval, arena_hard, mt_bench, reward_bench, model or states.")],
    targets: Annotated[
        list[str],
        typer.Argument(help="Recipes, METHODs, model folders or HUB_ID@REVISION, as for eval."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write into; its layout is the tool's.")],
    prompts: Annotated[
        Path | None,
        typer.Option(
            "--prompts",
            help="The prompt file whose responses are exported. Default: the only one that was answered, else the "
            "setting's own split.",
        ),
    ] = None,
    subsets: Annotated[
        Path | None,
        typer.Option(
            "--subsets", help="For reward_bench: file with rows of id and subset. Default: ids of the form SUBSET/ID."
        ),
    ] = None,
    token_len: Annotated[
        str,
        typer.Option(
            "--token-len", help="For arena_hard: tokenizer that counts tokens, own (the policy's) or gpt-4o (tiktoken)."
        ),
    ] = "own",
    seed: Annotated[
        str | None, typer.Option("--seed", help="For model and states: whose model. Default: the recipe's first seed.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="For model: add adapters to their base, in float32, as whole weights.")
    ] = False,
    split: Annotated[
        str | None, typer.Option("--split", help="For states: whose responses. Default: the split that is scored.")
    ] = None,
    dimensions: Annotated[
        list[str] | None,
        typer.Option(
            "--dimension", help="For states: preferred, or a column of whole numbers. Repeatable. Default: preferred."
        ),
    ] = None,
    setting: arguments.Setting = None,
    seeds: arguments.Seeds = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Write responses or pair scores as files for other tools, a trained model with its card, or its states.

    The tools read these files unchanged. Nothing is drawn or scored for them: `bench eval TARGET --prompts FILE` draws,
    `bench train` scores. The same responses give the same bytes: ids of answers are made from their content and time
    stamps are 0. `bench export model METHOD` writes a folder that transformers and peft load, with its tokenizer and a
    model card of its settings, data and measurements; `bench export states METHOD` puts a split through the model and
    writes the state after each response with its label, for `bench analyse rm_probe` and `separability`.

    Example: bench export alpaca_eval dpo --setting tiny --out exported
    """
    from benchbench.commands.export.run import MODEL, STATES, ExportRequest
    from benchbench.commands.export.run import export as command
    from benchbench.commands.run_plan import RunOptions

    options = RunOptions(runs=runs)
    request = ExportRequest(format, targets, out, prompts, subsets, token_len, setting, seeds, overrides or [])
    if format in (MODEL, STATES):
        other = OF_STATES if format == MODEL else OF_A_MODEL
        what = "a model" if format == MODEL else format
        refuse_unread(context, other, f"{what} does not read it; leave it out")
        refuse_unread(context, OF_FORMATS, f"{what} does not read it; leave it out, its one seed is --seed")
        done = _of_a_run(request, options, seed=seed, merge=merge, split=split, dimensions=dimensions)
    else:
        refuse_unread(context, OF_STATES, f"{format} does not read it; leave it out")
        refuse_unread(context, OF_A_RUN | OF_A_MODEL, f"{format} does not read it; leave it out, seeds are --seeds")
        done = command(request, options)
    console = stderr()
    for note in done.notes:
        console.print(note, highlight=False, markup=False)
    if as_json:
        print_json({"files": done.files, "notes": done.notes})
    else:
        for path in done.files:
            typer.echo(shown(str(path)))


def _of_a_run(
    request: ExportRequest,
    options: RunOptions,
    *,
    seed: str | None,
    merge: bool,
    split: str | None,
    dimensions: list[str] | None,
) -> Exported:
    """Export the model of one run, or its states."""
    from benchbench.commands.export.model import ModelRequest, export_model
    from benchbench.commands.export.run import MODEL
    from benchbench.commands.export.states import PREFERRED, StatesRequest, export_states

    shared = (request.targets, request.out, request.setting, seed, request.overrides)
    if request.format == MODEL:
        return export_model(ModelRequest(*shared, merge), options)
    return export_states(StatesRequest(*shared, split, dimensions or [PREFERRED]), options)
