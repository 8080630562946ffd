"""`bench check [RECIPE ...]`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_rows, stdout


def check(
    targets: Annotated[list[str] | None, typer.Argument(help="Recipes with claims. Default: all there are.")] = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Check finished cells against reported numbers.

    Every claimed value, and every claimed difference to a baseline, is judged by a tolerance fixed beforehand and a
    prediction interval; nothing is trained. Exit code 3 if a number was not reproduced, after Holm's correction over
    all claims that were judged; 4 if a claim was not run.

    Example: bench check recipes/ddo_rm_pythia410m.yaml
    """
    from benchbench.commands.check.run import check as command
    from benchbench.commands.check.run import exit_code
    from benchbench.commands.check.table import footnote, rows
    from benchbench.commands.run_plan import RunOptions
    from benchbench.comparison.claims.outcome import gates

    report = command(targets or [], overrides=overrides or [], options=RunOptions(runs=runs))
    if as_json:
        gated = gates([claim.verdict for claim in report.checked])
        claims = [
            {
                **_plain(asdict(claim)),
                "outcome": claim.verdict.outcome.value,
                "p_holm": gate.p_holm,
                "gate_fails": gate.fails,
            }
            for claim, gate in zip(report.checked, gated, strict=True)
        ]
        print_json({"claims": claims, "losses": report.losses})
    else:
        print_rows(rows(report.checked))
        if note := footnote(report.checked):
            stdout().print(note, highlight=False)
        if report.losses:
            stdout().print()
            print_rows(report.losses, title="training losses, shown and not judged")
    raise typer.Exit(int(exit_code(report.checked)))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Without the enumeration, which JSON has not."""
    verdict = {key: value for key, value in values["verdict"].items() if key != "outcome"}
    return {**values, "verdict": verdict}
