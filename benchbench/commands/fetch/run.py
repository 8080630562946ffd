"""`bench fetch`: bring a recipe's data, weights and tokenizer here, verify them, and record what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from benchbench.commands.fetch.verify import Holding, record, verified_by, verify_contents, verify_files
from benchbench.commands.resolve import resolve_all
from benchbench.commands.run_plan import RunOptions
from benchbench.core.repository import Repository
from benchbench.plan.prepare import prepare_all
from benchbench.plan.prepared import Prepared
from benchbench.plan.repositories import repositories
from benchbench.plan.stopping import planned_stops
from benchbench.recipe.load import Loaded


def fetch(
    targets: Sequence[str], *, setting: str | None, options: RunOptions, console: Console
) -> list[dict[str, Any]]:
    """One row per part of each recipe: its content hash, what it was verified by, what became of its record.

    Raises:
        BenchError: exit code 5, everything that cannot be had, that is damaged, or that is not what an earlier fetch
            brought, in one message; nothing is recorded then.
    """
    loaded = resolve_all(targets, setting=setting, overrides=[])
    root = options.store.root
    verify_files(
        [each for item in loaded for each in repositories(item).values()], console
    )  # before anything reads them
    prepared = dict(zip((item.label for item in loaded), prepare_all(loaded, root), strict=True))
    for item in loaded:
        planned_stops(item, prepared[item.label])  # it asks the hub for what no other part of a recipe reads
    parts = {item.label: repositories(item) for item in loaded}
    holdings = verify_contents([(parts[item.label], prepared[item.label]) for item in loaded], console)
    became = record(root, holdings)
    return [row for item in loaded for row in _rows(item, prepared[item.label], parts[item.label], holdings, became)]


def _rows(
    loaded: Loaded,
    prepared: Prepared,
    parts: Mapping[str, Repository],
    holdings: Mapping[Repository, Holding],
    became: Mapping[Repository, str],
) -> list[dict[str, Any]]:
    model = loaded.recipe.model
    tokenizer_source = model.tokenizer_name_or_path or model.model_name_or_path
    tokenizer = "trained" if tokenizer_source is None or model.train_tokenizer is not None else tokenizer_source
    data = parts["data"].name if "data" in parts else loaded.recipe.data.source
    values = [
        ("weights", model.model_name_or_path or "from_config", prepared.weights_hash),
        ("tokenizer", tokenizer, prepared.tokenizer_hash),
        *((f"data, {split}", data, value) for split, value in prepared.data.hashes.items()),
    ]
    rows = []
    for part, name, value in values:
        repository = parts.get(part.partition(",")[0])
        rows.append(
            {
                "recipe": loaded.recipe.name,
                "part": part,
                "name": name,
                "content hash": value,
                "verified": verified_by(part, None if repository is None else holdings[repository]),
                "record": None if repository is None else became[repository],
            }
        )
    return rows
