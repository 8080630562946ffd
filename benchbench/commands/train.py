"""`bench train`: every seed of one or more recipes, to finished and scored cells."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchbench.commands.resolve import parse_seeds, resolve_all
from benchbench.commands.run_plan import RunOptions, Session, incomplete, open_session, run_session
from benchbench.core.errors import BenchError
from benchbench.plan.graph import Cell, Plan
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.results import ResultStore
from benchbench.store.runs import RunStore
from benchbench.store.sessions import running_plan

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trained:
    """The result of a train command."""

    session: Session
    measurements: pd.DataFrame | None
    """None where no cell was finished."""
    losses: dict[tuple[str, int], float]
    models: dict[int, Path]
    """Seed -> folder of the trained model; none for a seed that is not finished, and for one that trains nothing."""
    error: BenchError | None
    """Set where a cell failed; what succeeded is recorded all the same."""


def plan_training(
    targets: Sequence[str],
    *,
    setting: str | None,
    seeds: Sequence[str] | None,
    overrides: Sequence[str],
    options: RunOptions,
) -> tuple[list[Loaded], list[Session]]:
    """The recipes and their plans; nothing runs."""
    loaded = resolve_all(targets, setting=setting, overrides=parse_overrides(overrides))
    requested_seeds = parse_seeds(seeds)
    return loaded, [
        open_session([item], requested_seeds or item.recipe.seeds.list, options, with_samples=True) for item in loaded
    ]


def train(
    loaded: Sequence[Loaded], sessions: Sequence[Session], options: RunOptions, console: Console
) -> list[Trained]:
    """Run the plans and record every finished cell."""
    with ExitStack() as plans:
        for session in sessions if len(sessions) > 1 else ():  # else the later ones are not known while the first runs
            plans.enter_context(running_plan(options.store, session.plan.stages.values()))
        return [_train_one(item, session, options, console) for item, session in zip(loaded, sessions, strict=True)]


def _train_one(loaded: Loaded, session: Session, options: RunOptions, console: Console) -> Trained:
    # pandas and scipy take seconds to import, and a model that cannot be had is answered before
    from benchbench.commands.cell_rows import last_losses, record_cells, scored_cell

    store = options.store
    ran = run_session(session, options, console)
    missing = session.plan.unfinished(store.is_done)
    done = [cell for cell in session.cells if cell not in missing]
    scored = [scored_cell(cell, store, loaded.recipe.score.split) for cell in done]
    results = ResultStore(options.results_root, loaded.recipe.setting)
    measured = record_cells(done, scored, store, results) if done else None
    return Trained(
        session, measured, last_losses(done, store), _models(done, session.plan, store), incomplete(session, store, ran)
    )


def _models(cells: Sequence[Cell], plan: Plan, store: RunStore) -> dict[int, Path]:
    """The model folders of finished cells: the policy's, or the reward model's where the recipe ends there."""
    keys = {cell.seed: trained_stage(cell, plan) for cell in cells}
    return {seed: store.sound_folder(key) / "model" for seed, key in keys.items() if key is not None}


def trained_stage(cell: Cell, plan: Plan) -> str | None:
    """Key of the stage that leaves what a cell trains: the policy, or the reward model where the recipe ends there.

    None where nothing is trained, and for an ensemble of reward models, whose members have a stage each.
    """
    if cell.loaded.recipe.is_reward_model and cell.reward is not None:
        return plan.stages[cell.reward].inputs.get("reward_model")
    return cell.policy


def summary(loaded: Loaded, trained: Trained) -> list[dict[str, object]]:
    """One row per finished cell: its last training loss, the headline metric, and the folder of its model."""
    if trained.measurements is None:
        return []
    metric, scoring = loaded.recipe.headline
    frame = trained.measurements
    frame = frame.loc[(frame["metric"] == metric) & (frame["scoring"] == scoring)]
    return [
        {
            "recipe": row["recipe"],
            "seed": int(row["seed"]),
            "last_loss": trained.losses.get((loaded.label, int(row["seed"])), float("nan")),
            f"{metric} ({scoring})": float(row["value"]),
            "se": float(row["se"]),
            "n": int(row["n"]),
            "model": str(trained.models.get(int(row["seed"]), "")) or None,
        }
        for row in frame.to_dict("records")
    ]
