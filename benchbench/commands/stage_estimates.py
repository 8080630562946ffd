"""What the stages of a plan are computed to need, and what of it an executor is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from benchbench.commands.stage_rows import PlanRows, shape_of
from benchbench.core.records import StageSpec
from benchbench.cost.context import CostContext, StageCost
from benchbench.cost.memory import host_bytes
from benchbench.cost.stage_costs import stage_cost
from benchbench.plan.prepared import Prepared
from benchbench.run.executor import StageNeeds


def stage_costs(
    stages: Mapping[str, StageSpec], prepared: Sequence[Prepared], device_kind: str, *, counted: bool = True
) -> dict[str, StageCost]:
    """Key -> what a stage of a plan takes.

    Args:
        stages: of the plan, by key.
        prepared: what each recipe reads.
        device_kind: `cpu` or `cuda`.
        counted: whether a sample of each split is tokenised; else rows are as long as they may be.
    """
    every = [each for of_recipe in prepared for each in of_recipe.with_starts]
    rows = PlanRows(stages, every, counted)
    context = CostContext(device_kind, shape_of, rows.of, stages)
    return {key: stage_cost(spec, context) for key, spec in stages.items()}


def with_host_memory(
    needs: Callable[[StageSpec], StageNeeds], costs: Mapping[str, StageCost], device_kind: str
) -> Callable[[StageSpec], StageNeeds]:
    """What stages need, with the memory of a host that each is computed to take; 0 where that is not known.

    Args:
        needs: what else they need.
        costs: of every stage, by key.
        device_kind: `cpu` or `cuda`.
    """

    def with_memory(spec: StageSpec) -> StageNeeds:
        memory = costs[spec.key].memory
        return replace(needs(spec), host_bytes=0 if memory is None else host_bytes(memory(1), device_kind))

    return with_memory
