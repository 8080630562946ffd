"""`bench alpaca-eval FILE ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows


def alpaca_eval(
    files: Annotated[list[Path], typer.Argument(help="annotations.json of alpaca_eval, one or several.")],
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration",
            help="df_gamed.csv of the dataset repository tatsu-lab/alpaca_eval, for AlpacaEval 2's length control.",
        ),
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Make leaderboard rows from AlpacaEval annotations.

    Win rates are percentages, raw and length-controlled, with intervals. `length_controlled_winrate` is AlpacaEval 2's
    model, fitted as published; its interval is ours, since the published standard error leaves out the judge's noise.
    `at equal length` is this bench's own model.

    Where the published model cannot be fitted, for example because instructions are missing or re-ordered, it is n/a;
    the rest of the rows is printed, and the exit code is 2.

    Example: bench alpaca-eval annotations.json --calibration df_gamed.csv
    """
    from benchbench.commands.alpaca_eval import alpaca_eval as command
    from benchbench.commands.alpaca_eval import check_length_control

    rows = command(files, calibration)
    if as_json:
        print_json([row.tidy() for row in rows])
    else:
        print_rows([row.shown() for row in rows])
    check_length_control(rows)
