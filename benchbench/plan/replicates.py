"""What a seed reaches: stages of two seeds that differ in a seed which nothing is drawn from are one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.identity import identity
from benchbench.plan.draws import DROPOUT, INITIALISATION, ORDER, stage_draws
from benchbench.stages.settings import POLICIES, TrainingSettings

if TYPE_CHECKING:
    from benchbench.core.records import StageSpec
    from benchbench.plan.graph import Plan


def run_of(plan: Plan, key: str) -> str:
    """Identity of what a stage comes to: its settings without the seeds that reach nothing, and its inputs' identities.

    Stages with different fingerprints and one such identity do the same work; what they leave differs at most by the
    rounding of a device.
    """
    return plan.identity_by(key, _drawn)


def _drawn(spec: StageSpec) -> Mapping[str, Any]:
    """The settings of a stage, less the seeds that nothing is drawn from."""
    settings, unused, draws = spec.settings, set[str](), stage_draws(spec)
    if spec.kind in POLICIES and INITIALISATION not in draws:
        unused.add("seed")
    if isinstance(settings, TrainingSettings) and not {ORDER, DROPOUT} & {*draws}:
        unused.add("order_seed")
    return {"settings": {name: value for name, value in identity(settings).items() if name not in unused}}


def copies(plan: Plan) -> list[str]:
    """For every row of a plan whose seeds are not all different runs, a line that says so before anything is trained.

    A row that trains nothing is the model as it is and needs no such line.
    """
    rows: dict[tuple[str, str], dict[str, dict[int, None]]] = {}  # a cell may stand in a plan several times
    for cell in plan.cells:
        if cell.policy is not None:
            runs = rows.setdefault((cell.loaded.label, cell.loaded.recipe_hash), {})
            runs.setdefault(run_of(plan, cell.score), {})[cell.seed] = None
    lines = [
        f"{label}: the seed reaches nothing in this recipe (no weights, data order or dropout is drawn from it), so "
        f"seeds {', '.join(map(str, seeds))} are one run and their spread says nothing"
        for (label, _), runs in rows.items()
        for seeds in runs.values()
        if len(seeds) > 1
    ]
    return list(dict.fromkeys(lines))
