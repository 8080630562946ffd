"""`bench check [RECIPE ...]`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows


def check(
    targets: Annotated[list[str] | None, typer.Argument(help="Recipes with claims. Default: all there are.")] = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Check finished cells against reported numbers.

    Every claimed value, and every claimed difference to a baseline, is judged by a tolerance fixed beforehand and a
    prediction interval; nothing is trained. What the reported values say of a claimed difference by themselves (its
    interval, p-value and power) stands above, and needs neither a run nor a GPU. Exit code 3 if a number was not
    reproduced, after Holm's correction over all claims that were judged; 4 if a claim was not run.

    Example: bench check recipes/ddo_rm_pythia410m.yaml
    """
    from benchbench.commands.check.run import check as command
    from benchbench.commands.check.run import exit_code
    from benchbench.commands.check.table import (
        footnote,
        is_seen,
        not_run_lines,
        reported_footnote,
        reported_rows,
        rows,
    )
    from benchbench.commands.run_plan import RunOptions
    from benchbench.comparison.claims.outcome import gates
    from benchbench.report.reported import tidy

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
        reported = [{"recipe": item.recipe, "source": item.source, **tidy(item.row)} for item in report.reported]
        print_json({"claims": claims, "losses": report.losses, "reported": reported})
        raise typer.Exit(int(exit_code(report.checked)))
    losses = [row for row in report.losses if is_seen(row)]
    parts = [
        (
            reported_rows(report.reported),
            "claimed differences, by the report alone",
            reported_footnote(report.reported),
        ),
        (rows(report.checked), "finished cells against the report", footnote(report.checked)),
        (losses, "training losses, shown and not judged", ""),
    ]
    for table, title, note in parts:
        if table:
            print_rows(table, title=title)
            for line in (note, "") if note else ("",):
                print_note(line)
    for line in not_run_lines(report.checked, report.losses):
        print_note(line)
    raise typer.Exit(int(exit_code(report.checked)))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Without the enumeration, which JSON has not."""
    verdict = {key: value for key, value in values["verdict"].items() if key != "outcome"}
    return {**values, "verdict": verdict}
