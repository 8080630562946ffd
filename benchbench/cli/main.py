"""The `bench` command line."""

from __future__ import annotations

import gc
import shlex
import sys
from typing import Annotated

import typer

import benchbench
from benchbench.cli import (
    alpaca_eval,
    analyse,
    audit,
    check,
    clean,
    compare,
    costs,
    diff,
    env,
    evaluate,
    export,
    fetch,
    init,
    leaderboard,
    methods,
    quirks,
    recipes,
    reference,
    regress,
    report,
    reread,
    show,
    status,
    train,
    transforms,
    tune,
    verify,
)
from benchbench.cli.output import shown, shown_error
from benchbench.cli.signals import hearing
from benchbench.cli.variadic import VariadicCommand
from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.damage import listening
from benchbench.store.disk import disk_message
from benchbench.store.processes import given_command

app = typer.Typer(
    name="bench",
    help="The reproducibility bench for preference optimisation of language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help needs no rich, whose import would double the time to the first word
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("train", cls=VariadicCommand)(train.train)
app.command("eval", cls=VariadicCommand)(evaluate.evaluate)
app.command("export", cls=VariadicCommand)(export.export)
app.command("alpaca-eval")(alpaca_eval.alpaca_eval)
app.command("compare", cls=VariadicCommand)(compare.compare)
app.command("plan", cls=VariadicCommand)(costs.plan)
app.command("report", cls=VariadicCommand)(report.report)
app.command("quirks", cls=VariadicCommand)(quirks.quirks)
app.command("leaderboard", cls=VariadicCommand)(leaderboard.leaderboard)
app.command("tune", cls=VariadicCommand)(tune.tune)
app.command("reference", cls=VariadicCommand)(reference.reference)
app.command("regress", cls=VariadicCommand)(regress.regress)
app.command("check")(check.check)
app.command("reread", cls=VariadicCommand)(reread.reread)
app.command("diff", cls=VariadicCommand)(diff.diff)
app.command("analyse")(analyse.analyse)
app.command("status")(status.status)
app.command("verify")(verify.verify)
app.command("clean")(clean.clean)
app.command("fetch")(fetch.fetch)
app.command("env")(env.env)
app.add_typer(audit.app, name="audit")
app.add_typer(show.app, name="show")
app.add_typer(recipes.app, name="recipes")
app.add_typer(methods.app, name="methods")
app.add_typer(transforms.app, name="transforms")

_OFFLINE_VARIABLE = "BENCH_OFFLINE"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"benchbench {benchbench.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    offline: Annotated[
        bool,
        typer.Option("--offline", envvar=_OFFLINE_VARIABLE, help="Use no network, only what has been fetched."),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The reproducibility bench for preference optimisation of language models."""
    if offline:
        from benchbench.store.offline import offline as forbid_network

        source = context.get_parameter_source("offline")
        cause = _OFFLINE_VARIABLE if source is not None and source.name == "ENVIRONMENT" else "--offline"
        context.with_resource(forbid_network(cause))  # undone when the command line has been run, however it ends


def run(args: list[str] | None = None) -> None:
    """Entry point of the `bench` script: every way to end has its exit code."""
    code = main(sys.argv[1:] if args is None else args)
    gc.freeze()  # else the interpreter looks through all that was imported before it ends: a second
    sys.exit(code)


def main(args: list[str]) -> int:
    """Run one command line and return the exit code; the user's errors are one message without a traceback."""
    code = int(ExitCode.FAILED)
    with given_command(shlex.join(["bench", *args])), hearing() as heard:
        try:
            code = _ended(args)
        except BaseException:
            if heard.number is None:
                raise
    if heard.number is None:
        return code
    typer.echo(f"bench: {heard.line()}", err=True)
    return 128 + heard.number


def _ended(args: list[str]) -> int:
    try:
        with listening(lambda line: typer.echo(f"bench: {shown(line)}", err=True)):
            app(args=args, prog_name="bench")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ExitCode.DONE)
    except BenchError as error:
        typer.echo(f"bench: {shown_error(str(error))}", err=True)
        return error.status
    except OSError as error:
        message = disk_message(error)
        if message is None:
            raise
        typer.echo(f"bench: {shown_error(message)}", err=True)
        return int(ExitCode.UNAVAILABLE)
    return int(ExitCode.DONE)
