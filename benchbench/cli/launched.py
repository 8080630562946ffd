"""`torchrun ... -m benchbench.cli.launched COMMAND`: `bench COMMAND` in the first process, which the others follow."""

from __future__ import annotations

import os
import sys

import typer

from benchbench.cli.main import main
from benchbench.core.errors import BenchError, ExitCode


def run(args: list[str]) -> int:
    """Run one command line, or follow the process that does; returns the exit code.

    Args:
        args: of `bench`; `--executor torchrun` is added where no executor is named.
    """
    from benchbench.run.launched import AT_WORK, follow_launched, launched_place
    from benchbench.run.machine import cuda_card_count

    try:
        place = launched_place()
        wanted = _value_of("--device", args) or "auto"
        device = place.device(wanted, 0 if wanted == "cpu" else cuda_card_count())
        if place.number:
            follow_launched(place, device)
            return int(ExitCode.DONE)
    except BenchError as error:
        typer.echo(f"bench: {error}", err=True)
        return int(error.exit_code)
    os.environ[AT_WORK] = str(place.world)
    named = [] if _value_of("--executor", args) else ["--executor", "torchrun"]
    code = main([*args, *named])
    return code or _release(device)


def _release(device: str) -> int:
    """Let the others go where the command had nothing to run, and they still wait for it; the exit code."""
    from benchbench.run.launched import AT_WORK, LaunchedExecutor, let_go_unused

    del os.environ[AT_WORK]
    if not LaunchedExecutor.has_begun:
        try:
            let_go_unused(device)
        except BenchError as error:
            typer.echo(f"bench: {error}", err=True)
            return int(error.exit_code)
    return int(ExitCode.DONE)


def _value_of(option: str, args: list[str]) -> str | None:
    """Value of an option of a command line, as `--name value` or `--name=value`; the last one counts."""
    value: str | None = None
    for place, word in enumerate(args):
        if word == option and place + 1 < len(args):
            value = args[place + 1]
        elif word.startswith(f"{option}="):
            value = word.partition("=")[2]
    return value


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
