"""The `bench` command line, from its first moment: signals are heard before anything that takes a while is imported."""

from __future__ import annotations

import gc
import sys

from benchbench.cli.signals import hearing
from benchbench.core.errors import ExitCode
from benchbench.core.imports import own_this_process


def run(args: list[str] | None = None) -> None:
    """Entry point of the `bench` script: every way to end has its exit code."""
    own_this_process()
    gc.set_threshold(50_000, 20, 100)  # a tenth of a command's time goes into garbage that its imports do not leave
    code = main(sys.argv[1:] if args is None else args)
    gc.freeze()  # else the interpreter looks through all that was imported before it ends: a second
    sys.exit(code)


def main(args: list[str]) -> int:
    """Run one command line and return the exit code, also where a signal ends it."""
    code = int(ExitCode.FAILED)
    with hearing() as heard:
        try:
            from benchbench.cli.app import run_command

            code = run_command(args)
        except BaseException:
            if heard.number is None:
                raise
    if heard.number is None:
        return code
    sys.stderr.write(f"bench: {heard.line()}\n")
    return 128 + heard.number
