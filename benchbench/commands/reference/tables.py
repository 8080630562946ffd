"""What follows from a reference's committed rows and verdicts, made again without training.

`python -m benchbench.commands.reference.tables results/reference/tiny README.md docs/results.md`: measurements, win
rates and tables, and the marked parts of documents. Rows, verdicts and checkpoint stay what they are, so this serves
where a rule of the statistics changed; where a stage changed, the reference is made again with `bench reference`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from benchbench.commands.cell_rows import ROW_KEY, measure_cells
from benchbench.commands.compare.compared import compare_scored
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.compare.win_rates import Samples, gathered
from benchbench.commands.reference.documents import fill_documents
from benchbench.commands.reference.run import measurements_of, tables_of, win_rates_of
from benchbench.commands.regress.reference import REMAKE, Committed, read_reference, scored_of
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.pairs.grid import same_runs
from benchbench.core.errors import BenchError
from benchbench.store.reference import ReferenceStore
from benchbench.store.results import ResultStore


def derive(folder: Path, *, scratch: Path | None = None) -> str:
    """Make measurements.csv, win_rates.csv and tables.md of a reference again; returns the tables.

    Args:
        folder: the reference.
        scratch: folder for prepared data; a temporary one by default.

    Raises:
        BenchError: a reference that is none, whose rows, verdicts or checkpoint are not as they were written, or
            whose recipes are no longer those it was made with.
    """
    if scratch is None:
        with TemporaryDirectory() as temporary:
            return derive(folder, scratch=Path(temporary))
    committed = read_reference(ReferenceStore(folder))
    _refuse_other_files(committed.store)
    about = committed.about
    seeds = [str(seed) for seed in about["seeds"]]
    request = CompareRequest(about["targets"], about["setting"], seeds, pairs_only=committed.verdicts is None)
    prepared = prepare_comparison(request, RunOptions("cpu", None, scratch / "runs", scratch / "results"))
    _refuse_other_recipes(prepared, committed)
    cells = prepared.session.cells
    scored = [scored_of(cell, committed) for cell in cells]
    headline, comparisons = compare_scored(prepared, request, scored)
    marks = {row.candidate: row.marks for row in comparisons}
    runs = {label: same_runs(scored, label, prepared.seeds, "logp_sum") for label in marks}
    samples = _samples(prepared, committed, marks, runs)
    results = ResultStore(scratch / "results", prepared.loaded[0].recipe.setting)
    results.merge_table("measurements.csv", measure_cells(cells, scored), key=ROW_KEY)
    tables = tables_of(prepared, comparisons, samples, headline=headline, command=about["command"])
    committed.store.rewrite(measurements_of(prepared, results), win_rates_of(prepared, samples), tables)
    return tables


def _refuse_other_recipes(prepared: PreparedComparison, committed: Committed) -> None:
    changed = [
        f"{item.recipe.name} is {item.recipe_hash}, was {committed.hashes.get(item.recipe.name, 'not there')}"
        for item in prepared.loaded
        if item.recipe_hash != committed.hashes.get(item.recipe.name)
    ]
    if changed:
        raise BenchError(
            f"{committed.store.folder}: expected the recipes it was made with, found others: {'; '.join(changed)}; "
            f"{REMAKE}"
        )


def _refuse_other_files(store: ReferenceStore) -> None:
    """What follows from files that somebody changed is no reference."""
    faults = store.faults(of_derived=False)
    if faults:
        lines = "\n".join(f"  {line}" for line in faults)
        raise BenchError(
            f"{store.folder}: expected the files that `bench reference` wrote, found others; bring them back, or "
            f"{REMAKE}. A reference that was made before there were manifests gets one with --manifest.\n{lines}"
        )


def _samples(
    prepared: PreparedComparison,
    committed: Committed,
    marks: Mapping[str, Sequence[str]],
    runs: Mapping[str, Sequence[int]],
) -> Samples | None:
    if committed.verdicts is None:
        return None
    grouped: dict[tuple[str, str], dict[int, pd.DataFrame]] = {}
    for cell in prepared.session.cells:
        if not cell.verdicts:
            continue
        verdicts = committed.rows_of(committed.verdicts, cell.loaded.recipe.name, cell.seed)
        for opponent in cell.verdicts:
            rows = verdicts.loc[verdicts["opponent"] == opponent]
            grouped.setdefault((opponent, cell.loaded.label), {})[cell.seed] = rows.reset_index(drop=True)
    plan = prepared.session.plan
    return gathered(prepared.session.cells, plan, grouped, pd.DataFrame(), prompts=None, marks=marks, runs=runs)


def main(words: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the reference")
    parser.add_argument("documents", type=Path, nargs="*", help="whose marked parts are replaced by the tables")
    parser.add_argument("--manifest", action="store_true", help="list the reference's files as they are, nothing else")
    arguments = parser.parse_args(words)
    if arguments.manifest:
        return ReferenceStore(arguments.folder).write_manifest()
    with TemporaryDirectory() as scratch:
        derive(arguments.folder, scratch=Path(scratch))
        fill_documents(arguments.documents, arguments.folder, runs=Path(scratch) / "runs")


if __name__ == "__main__":
    main()
