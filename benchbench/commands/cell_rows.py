"""From finished stages to rows, measurements and the files of results/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench import methods, reward_objectives
from benchbench.comparison.ledger import Ledger
from benchbench.comparison.pairs.grid import ScoredCell
from benchbench.core.hashing import fingerprint
from benchbench.core.method import Method
from benchbench.core.records import StageRecord
from benchbench.core.reward_objective import RewardObjective
from benchbench.data.serial import from_json, prompt_hash
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.replicates import run_of
from benchbench.recipe.identity import own_transforms
from benchbench.recipe.load import Loaded
from benchbench.report.frames import measurements_frame
from benchbench.store.prepared import read_prepared
from benchbench.store.results import ResultStore
from benchbench.store.rows import read_rows
from benchbench.store.runs import RunStore

ROW_KEY = ("recipe", "recipe_hash", "overrides", "seed", "split", "metric", "scoring")
ROUND, MEASUREMENTS = "round", "measurements.csv"
"""Column that says which round's policy a measurement is of, empty for a recipe's result; and the table's file."""
UNVERIFIED = "form unverified"
"""Mark of a row whose published form could not be checked."""
_JOIN = ["example", "candidate"]
_OF_A_POLICY = ("logp_sum", "logp_mean", "ref_logp_sum")
_RESTS_ON = ("policy", "reference", "reward")
"""Roles of stages whose numbers go into a row, beside the score itself."""
ENGINE = "torch"
"""Pair scores come from the training stack."""


def score_rows(cell: Cell, store: RunStore, split: str) -> pd.DataFrame:
    """The cell's rows: policy, reference and reward of every held-out response, and the hash of its prompt."""
    frame = read_rows(store.sound_folder(cell.score))
    reference = read_rows(store.sound_folder(cell.reference)).rename(columns={"logp_sum": "ref_logp_sum"})
    frame = frame.merge(reference[[*_JOIN, "ref_logp_sum"]], on=_JOIN, validate="one_to_one")
    if cell.reward is not None:
        rewards = read_rows(store.sound_folder(cell.reward))[[*_JOIN, "reward"]]
        frame = frame.merge(rewards, on=_JOIN, validate="one_to_one")
    else:
        frame["reward"] = float("nan")
    method = cell.loaded.recipe.method
    prompts = _prompts(store.root, cell.data, split)
    identity = {
        "recipe": cell.loaded.recipe.name,
        "method": method.name,
        "variant": method.variant,
        "seed": cell.seed,
        "split": split,
        "prompt": [prompts[example] for example in frame["example"]],
    }
    if cell.loaded.recipe.is_reward_model:  # a policy was scored for what its rows say of the responses alone
        frame = frame.assign(**dict.fromkeys(_OF_A_POLICY, float("nan")))
    return frame.assign(**identity)


@lru_cache(maxsize=4)
def _prompts(root: Path, key: str, split: str) -> Mapping[str, str]:
    """Example -> hash of its prompt, of prepared data, which lies under its own content."""
    prepared = read_prepared(root, key)
    assert prepared is not None, "a plan prepares what its cells read"
    examples = (from_json(line) for line in prepared.lines(split))
    return {example.id: prompt_hash(example.prompt)[:16] for example in examples}


def scored_cell(cell: Cell, store: RunStore, split: str, plan: Plan | None = None) -> ScoredCell:
    """A finished cell as the comparison reads it; with its plan, what its seed reaches is known."""
    record = store.record(cell.reward if cell.loaded.recipe.is_reward_model and cell.reward else cell.score)
    assert record is not None, "only finished cells are compared"
    scored = as_scored(cell, score_rows(cell, store, split), device_kind=str(record.environment["device_kind"]))
    if plan is None:
        return scored
    reward_run = "" if cell.reward is None else run_of(plan, cell.reward)
    devices = {role: _devices(key, store, plan) for role, key in cell.stages.items() if role in _RESTS_ON and key}
    return replace(scored, run=run_of(plan, cell.score), reward_run=reward_run, devices=devices)


def _devices(key: str, store: RunStore, plan: Plan) -> dict[str, str]:
    """Stage -> kind of device that it ran on, of a stage and all that it rests on."""
    records = {stage: store.record(stage) for stage in plan.under([key])}
    return {stage: str(record.environment["device_kind"]) for stage, record in records.items() if record is not None}


def as_scored(cell: Cell, frame: pd.DataFrame, *, device_kind: str) -> ScoredCell:
    """Score rows with what the comparison has to know of the cell that they are of."""
    loaded = cell.loaded
    return ScoredCell(
        label=loaded.label,
        method=loaded.recipe.method.name,
        variant=loaded.recipe.method.variant,
        seed=cell.seed,
        recipe=loaded.recipe.name,
        recipe_hash=loaded.recipe_hash,
        comparability_hash=loaded.comparability_hash,
        setting=loaded.recipe.setting,
        paper=str(described(loaded).paper),
        untuned=loaded.untuned,
        own_data=bool(own_transforms(loaded.values())),
        form=_form(loaded),
        overrides=" ".join(sorted(loaded.overrides)),
        marked=" ".join(f"--set {text}" for text in loaded.overrides),
        engine=ENGINE,
        device_kind=device_kind,
        frame=frame,
    )


def described(loaded: Loaded) -> Method | RewardObjective:
    """What a row is of: the method, or the reward model's objective."""
    recipe = loaded.recipe
    if not recipe.is_reward_model:
        return methods.get(recipe.method.name)
    assert recipe.reward_model is not None, "checked with the recipe"
    return reward_objectives.get(recipe.reward_model.objective.name)


def _form(loaded: Loaded) -> tuple[str, ...]:
    """Marks of the form: the method's, and that of a recipe whose procedure could not be checked."""
    marks = (*described(loaded).marks, *([UNVERIFIED] if loaded.recipe.open_question else []))
    return tuple(dict.fromkeys(marks))


def record_cells(
    cells: Sequence[Cell],
    scored: Sequence[ScoredCell],
    store: RunStore,
    results: ResultStore,
    *,
    rounds: pd.DataFrame | None = None,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Put finished cells into cells.jsonl and measurements.csv; returns their measurements.

    Args:
        cells: finished.
        scored: their rows.
        store: where their stages are filed.
        results: of their setting.
        rounds: measurements of the policies of single rounds, with the column `round`; a table without any has no such
            column.
        ledger: what the cells took, which stands with their records.
    """
    took = {(row.label, row.seed): row.as_values() for rows in (ledger or {}).values() for row in rows}
    records = (_cell_record(cell, store, _split(item)) for cell, item in zip(cells, scored, strict=True))
    results.upsert_cells(_with_ledger(record, took) for record in records)
    frame = measure_cells(cells, scored)
    written = frame
    results.set_damaged_aside(MEASUREMENTS)
    if rounds is not None or ROUND in results.table(MEASUREMENTS).columns:
        written = pd.concat([frame.assign(**{ROUND: ""}), *([] if rounds is None else [rounds])], ignore_index=True)
    results.merge_table(MEASUREMENTS, written, key=(*ROW_KEY, ROUND))
    return frame


def measure_cells(cells: Sequence[Cell], scored: Sequence[ScoredCell]) -> pd.DataFrame:
    """The tidy measurements of finished cells, each by its own recipe's tie credit and exclusions."""
    frames = [
        measurements_frame(
            [item], tie_credit=cell.loaded.recipe.score.tie_credit, exclude=cell.loaded.recipe.score.exclude
        )
        for cell, item in zip(cells, scored, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def _split(scored: ScoredCell) -> str:
    return str(scored.frame["split"].iloc[0])


def _cell_record(cell: Cell, store: RunStore, split: str) -> dict[str, Any]:
    loaded = cell.loaded
    identity = {"recipe": loaded.recipe.name, "recipe_hash": loaded.recipe_hash, "seed": cell.seed, "split": split}
    records = {role: store.record(key) for role, key in cell.stages.items() if key is not None}
    return {
        "cell": fingerprint(identity),
        **identity,
        "label": loaded.label,
        "setting": loaded.recipe.setting,
        "comparability_hash": loaded.comparability_hash,
        "untuned": loaded.untuned,
        "overrides": list(loaded.overrides),
        "stages": {role: key for role, key in cell.stages.items() if key is not None},
        "seconds": {role: record.seconds for role, record in records.items() if record is not None},
        "tokens": {role: record.tokens for role, record in records.items() if record is not None},
        "peak_memory_gib": {role: record.peak_memory_gib for role, record in records.items() if record is not None},
        "environment": {role: dict(record.environment) for role, record in records.items() if record is not None},
        **_resumed(records),
        "recorded_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _with_ledger(record: dict[str, Any], took: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[str, Any]:
    """A cell's record with its row of the ledger, where it has one."""
    row = took.get((record["label"], record["seed"]))
    return record if row is None else {**record, "ledger": row}


def _resumed(records: Mapping[str, StageRecord | None]) -> dict[str, Any]:
    """Environments of attempts that a stage went on from, of the roles where it did; mostly nothing."""
    resumed = {role: list(record.resumed_environments) for role, record in records.items() if record is not None}
    resumed = {role: environments for role, environments in resumed.items() if environments}
    return {"resumed_environments": resumed} if resumed else {}


def last_losses(cells: Iterable[Cell], store: RunStore) -> dict[tuple[str, int], float]:
    """(label, seed) -> the last logged training loss of each trained policy."""
    losses: dict[tuple[str, int], float] = {}
    for cell in cells:
        record = store.record(cell.policy) if cell.policy is not None else None
        if record is not None and "last" in record.summary:
            losses[cell.loaded.label, cell.seed] = float(record.summary["last"].get("loss", float("nan")))
    return losses
