"""What a seed reaches: stages of two seeds that differ in a seed which nothing is drawn from are one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.hashing import fingerprint
from benchbench.core.identity import identity
from benchbench.stages.settings import POLICIES, LoopSettings, TrainingSettings

if TYPE_CHECKING:
    from benchbench.core.records import StageSpec
    from benchbench.plan.graph import Plan


def run_of(plan: Plan, key: str) -> str:
    """Identity of what a stage comes to: its settings without the seeds that reach nothing, and its inputs' identities.

    Stages with different fingerprints and one such identity do the same work; what they leave differs at most by the
    rounding of a device.
    """
    spec = plan.stages[key]
    inputs = {name: run_of(plan, needed) for name, needed in spec.inputs.items()}
    return fingerprint({"kind": spec.kind, "settings": _drawn(spec), "inputs": inputs})


def _drawn(spec: StageSpec) -> Mapping[str, Any]:
    """The settings of a stage, less the seeds that nothing is drawn from."""
    settings, unused = spec.settings, set[str]()
    if spec.kind in POLICIES:
        initial = "policy" not in spec.inputs
        fresh = settings.model.from_config is not None or settings.lora is not None
        if not (initial and fresh):
            unused.add("seed")
    if isinstance(settings, TrainingSettings) and not _draws(spec.settings.training):
        unused.add("order_seed")
    return {name: value for name, value in identity(settings).items() if name not in unused}


def _draws(training: LoopSettings) -> bool:
    """Whether a training loop draws anything: the order of the data, or dropout."""
    in_order = training.data_order == "sequential" and training.length_window == 1
    return not (in_order and training.disable_dropout)


def copies(plan: Plan) -> list[str]:
    """For every row of a plan whose seeds are not all different runs, a line that says so before anything is trained.

    A row that trains nothing is the model as it is and needs no such line.
    """
    rows: dict[tuple[str, str], dict[str, list[int]]] = {}
    for cell in plan.cells:
        if cell.policy is not None:
            runs = rows.setdefault((cell.loaded.label, cell.loaded.recipe_hash), {})
            runs.setdefault(run_of(plan, cell.score), []).append(cell.seed)
    lines = [
        f"{label}: the seed reaches nothing in this recipe (no weights, data order or dropout is drawn from it), so "
        f"seeds {', '.join(map(str, seeds))} are one run and their spread says nothing"
        for (label, _), runs in rows.items()
        for seeds in runs.values()
        if len(seeds) > 1
    ]
    return list(dict.fromkeys(lines))
