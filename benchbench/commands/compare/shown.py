"""What `bench compare` shows, as plain texts: of a comparison that is made now, or read back where nothing changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchbench.commands.compare.kept import comparison_key
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, finish, id_of
from benchbench.commands.run_plan import RunOptions
from benchbench.report.layout import TableLayout
from benchbench.store.comparison_folders import ComparisonFolders
from benchbench.store.comparisons import read_comparison, write_comparison
from benchbench.store.results import ResultStore

if TYPE_CHECKING:  # numbers need libraries that take a second to import; what is read back needs none of them
    from benchbench.commands.compare.compared import Compared
    from benchbench.commands.compare.win_rates import Samples

Titled = tuple[str, list[dict[str, Any]]]
"""(title, rows) of a table."""


@dataclass(frozen=True)
class ShownComparison:
    """A comparison as it is printed, at any width."""

    budgets: Sequence[str]
    """What differs between rows, and what left the start's range, a line each."""
    tables: Sequence[tuple[TableLayout, Titled | None]]
    """Every table of pair metrics, and its metric with and without flagged pairs where there are any."""
    samples: Sequence[Titled]
    """Win rates and what responses are like; none where nothing was drawn."""
    beside: Sequence[Titled]
    """What stands under all others: frontier, rows at an equal KL, ledger."""
    document: Mapping[str, Any]
    """All of it for a program."""
    files: Sequence[str]
    """What was written."""
    drawn: Mapping[str, str | None]
    """Column of the tables of responses -> what its rows of this comparison hold: what was answered, drawn, judged."""
    is_new: bool
    """Whether it was made, and its files written, just now; else everything is as it was left."""


def show(
    prepared: PreparedComparison, request: CompareRequest, options: RunOptions, console: Console
) -> ShownComparison:
    """Run what is missing; then compare and write the tables, or read back an equal comparison whose files are there.

    Raises:
        BenchError: as `finish`.
    """
    finish(prepared, options, console)
    root = options.store.root
    results = ResultStore(options.results_root, prepared.loaded[0].recipe.setting)
    key = comparison_key(prepared, request, options)
    earlier = read_comparison(root, key)
    if earlier is not None and earlier["results"] == _state(results, prepared, request):
        return _from_json(earlier["shown"], is_new=False)
    from benchbench.commands.compare.compared import compare_finished

    compared = compare_finished(prepared, request, options, console)
    texts = _as_json(compared, prepared.notice)
    state = _state(results, prepared, request)
    if state:
        write_comparison(root, key, {"results": state, "shown": texts})
    return _from_json(texts, is_new=True)


def _state(results: ResultStore, prepared: PreparedComparison, request: CompareRequest) -> dict[str, str]:
    """File -> content hash of the tables, the documents, and the comparison's own folder, which `latest` has to name.

    Empty where the documents are not as this command made them.
    """
    tables = results.state(command=request.command)
    own_files = ComparisonFolders(results.folder).state(id_of(prepared, request))
    return tables and tables | {f"comparisons/{name}": content for name, content in own_files.items()}


def _as_json(compared: Compared, notice: str) -> dict[str, Any]:
    """Plain JSON values of everything that is shown, as they are read back, so that both print the same."""
    from benchbench.commands.compare.win_rates import NO_SAMPLES
    from benchbench.report.comparison import narrow_layout
    from benchbench.report.flags import shown_flags

    layouts = [asdict(narrow_layout(compared.comparisons, *table)) for table in compared.shown]
    document = {
        "notice": notice,
        "fairness": compared.fairness.as_values(),
        "degeneration": compared.guard.as_values(),
        "headline": list(compared.headline),
        "comparisons": [asdict(row) for row in compared.comparisons],
        "flagged": [asdict(row) for rows in compared.flagged for row in rows if row.n_flagged],
        **(NO_SAMPLES if compared.samples is None else compared.samples.as_values()),
        **compared.beside.as_values(),
        "files": compared.files,
    }
    values = {
        "budgets": compared.budgets,
        "tables": list(zip(layouts, map(shown_flags, compared.flagged), strict=True)),
        "samples": [] if compared.samples is None else compared.samples.tables(),
        "beside": compared.beside.tables(),
        "document": document,
        "files": compared.files,
        "drawn": _drawn(compared.samples),
    }
    return json.loads(json.dumps(values, default=lambda number: number.item()))


def _drawn(samples: Samples | None) -> dict[str, str | None]:
    if samples is None:
        return {"prompts_hash": None}
    return {
        "prompts_hash": samples.prompts_hash,
        "generate_hash": samples.generate_hash,
        "judge_hash": samples.judge_hash,
    }


def _from_json(values: Mapping[str, Any], *, is_new: bool) -> ShownComparison:
    tables = [(TableLayout.from_json(layout), flags and _titled(flags)) for layout, flags in values["tables"]]
    samples, beside = ([_titled(table) for table in values[name]] for name in ("samples", "beside"))
    return ShownComparison(
        values["budgets"], tables, samples, beside, values["document"], values["files"], values["drawn"], is_new
    )


def _titled(table: Sequence[Any]) -> Titled:
    title, rows = table
    return title, rows
