"""Pair scores of finished cells, grouped by the subsets that a reward benchmark reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from benchbench.commands.cell_rows import score_rows
from benchbench.commands.evaluate.responses import Policies
from benchbench.commands.evaluate.run import external_session, is_external, refuse_seeds
from benchbench.commands.resolve import parse_seeds, resolve
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.comparison.pairs.grid import MissingRunsError
from benchbench.core.errors import BenchError
from benchbench.core.export import ExportedPairs
from benchbench.core.hashing import fingerprint
from benchbench.core.identity import identity
from benchbench.data.files import read_rows
from benchbench.data.rows import ID_COLUMNS
from benchbench.plan.graph import Cell
from benchbench.recipe.overrides import parse_overrides


def pair_scores(
    target: str,
    *,
    subsets: Path | None,
    setting: str | None,
    seeds: Sequence[str] | None,
    overrides: Sequence[str],
    options: RunOptions,
) -> list[tuple[ExportedPairs, list[str]]]:
    """Scores of the held-out pairs of every cell of a target, with the keys of the stages they are from.

    A policy with a reference is scored by the difference of summed log-probabilities (no beta, which changes no
    sign), one that is its own reference by its log-probability, as RewardBench does.

    Args:
        target: recipe, method, model folder or hub id with its revision.
        subsets: file of rows with id and subset; none takes what stands before the first slash of every id.
        setting: name or path.
        seeds: as given; none takes the recipe's.
        overrides: `--set` values.
        options: of the run.

    Raises:
        BenchError: exit code 4 for cells that are not scored; pairs without a subset.
    """
    parsed = parse_overrides(overrides)
    refuse_seeds(target, seeds)
    external = is_external(target)
    if external:
        session = external_session(target, setting, parsed, options)
    else:
        loaded = resolve(target, setting=setting, overrides=parsed)
        session = open_session([loaded], parse_seeds(seeds) or loaded.recipe.seeds.list, options)
    missing = session.plan.unfinished(options.store.is_done)
    if missing:
        raise MissingRunsError([(cell.loaded.label, cell.seed) for cell in missing])
    policies = Policies(target, session, external)
    named = None if subsets is None else _subsets(subsets)
    return [(_scores(policies, cell, named, options), [cell.score, cell.reference]) for cell in session.cells]


def _scores(policies: Policies, cell: Cell, named: Mapping[str, str] | None, options: RunOptions) -> ExportedPairs:
    frame = score_rows(cell, options.store, cell.loaded.recipe.score.split)
    anchored = cell.score != cell.reference
    score = frame["logp_sum"] - frame["ref_logp_sum"] if anchored else frame["logp_sum"]
    wide = frame.assign(score=score).pivot(index="example", columns="candidate", values="score")
    rows = pd.DataFrame({"example": wide.index, "chosen": wide[0].to_numpy(), "rejected": wide[1].to_numpy()})
    template = fingerprint(identity(cell.loaded.recipe.tokenization))
    return ExportedPairs(
        model=policies.model(cell),
        reference=f"sft-seed{cell.seed}" if anchored else None,
        template=f"benchbench-{template}",
        rows=rows.assign(subset=[_subset(str(name), named) for name in rows["example"]]),
    )


def _subset(example: str, named: Mapping[str, str] | None) -> str:
    subset, slash, _ = example.partition("/")
    if named is not None and example in named:
        return named[example]
    if named is None and slash and subset:
        return subset
    where = "an id of the form SUBSET/ID" if named is None else "its id and subset in the file of --subsets"
    hint = "; or give --subsets FILE with rows of id and subset" if named is None else ""
    raise BenchError(f"reward_bench: pair '{example}' names no subset: expected {where}{hint}")


def _subsets(path: Path) -> dict[str, str]:
    """Id -> subset of a file's rows.

    Raises:
        BenchError: a row without an id or a subset.
    """
    subsets: dict[str, str] = {}
    for number, row in enumerate(read_rows(path), start=1):
        name = next((str(row[key]) for key in ID_COLUMNS if row.get(key) not in (None, "")), None)
        subset = row.get("subset")
        if name is None or not isinstance(subset, str) or not subset:
            raise BenchError(f"{path}, row {number}: expected id and subset, found {', '.join(sorted(map(str, row)))}")
        subsets[name] = subset
    return subsets
