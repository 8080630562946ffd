"""`bench audit data | seeds`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import print_json, print_note, print_rows
from benchbench.cli.variadic import VariadicCommand

app = typer.Typer(help="Look at the data and the seeds of recipes before believing a table.", no_args_is_help=True)


@app.command("data")
def data(
    target: Annotated[str, typer.Argument(help="Recipe file, or METHOD or METHOD@VARIANT in a setting.")],
    setting: arguments.Setting = None,
    overrides: arguments.Set = None,
    prompts: Annotated[
        list[Path] | None,
        typer.Option("--prompts", help="A file of prompts that is held out, too. Repeatable."),
    ] = None,
    levels: Annotated[
        list[str] | None,
        typer.Option(
            "--level",
            help="Largest share of examples that passes: 0.02 for all checks of faults, tied_scores=0.1 for one. "
            "Repeatable. Default: those of docs/data.md.",
        ),
    ] = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Look for duplicates, leaks, ties, length bias, cuts and faulty templates in a recipe's data.

    Every finding has its count, its share, ids of examples and what to do. Exit code 3 where a share is above its
    level; 5 where data or tokenizer are not here, and then the plan of the audit is shown, with what it assumes.

    Example: bench audit data dpo --setting tiny --level leaked_prompts=0
    """
    from benchbench.commands.audit.data import DataRequest, audit_data, plan_audit
    from benchbench.report.data_audit import finding_lines, finding_records, finding_rows
    from benchbench.store.runs import default_root

    plan = plan_audit(DataRequest(target, setting, overrides or [], prompts or [], levels or []))
    audited = audit_data(plan, runs or default_root())
    verdict = audited.verdict()
    if as_json:
        print_json(
            {
                "recipe": plan.loaded.label,
                "assumptions": plan.assumptions,
                "not_looked_at": audited.not_looked_at,
                "levels": plan.levels,
                "findings": finding_records(audited.findings),
            }
        )
    else:
        print_rows(finding_rows(audited.findings))
        for line in [*finding_lines(audited.findings), *plan.assumptions]:
            print_note(line)
    if verdict is not None:
        raise verdict


@app.command("seeds", cls=VariadicCommand)
def seeds(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Methods (METHOD or METHOD@VARIANT) or recipe files. Default: all that finished in runs/."),
    ] = None,
    setting: arguments.Setting = None,
    seed_list: arguments.Seeds = None,
    overrides: arguments.Set = None,
    runs: arguments.Runs = None,
    as_json: arguments.Json = False,
) -> None:
    """Say what each seed reached, which seeds are different runs, and whether methods share their draws.

    From the records of stages: what weights, order of the data, dropout and answers were drawn from. Exit code 3
    where seeds are copies of one run, or where methods that are compared draw from different seeds; 4 where some
    have not run. Where data or weights are not here, the recipe alone is looked at, and the command says so.

    Example: bench audit seeds dpo simpo --setting tiny
    """
    from benchbench.commands.audit.seeds import SeedsRequest, audit_seeds
    from benchbench.commands.run_plan import RunOptions
    from benchbench.plan.draws import STREAMS
    from benchbench.report.seed_audit import seed_lines, seed_records, seed_rows

    request = SeedsRequest(targets or [], setting, seed_list, overrides or [])
    audited = audit_seeds(request, RunOptions(runs=runs))
    verdict = audited.verdict()
    if as_json:
        document = {"rows": seed_records(audited.rows), "findings": audited.faults, "folders_not_read": audited.unread}
        print_json({**document, "assumed": audited.assumed})
    else:
        print_rows(seed_rows(audited.rows, STREAMS))
        unread = [f"{audited.unread} folders of stages not read"] if audited.unread else []
        for line in [*audited.assumed, *seed_lines(audited.rows), *unread]:
            print_note(line)
    if verdict is not None:
        raise verdict
