"""What the stages of a plan are computed to need, and what of it an executor is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from benchbench.commands.executor_choice import Cards, ExecutorChoice
from benchbench.commands.stage_rows import PlanRows, shape_of
from benchbench.core.records import StageSpec
from benchbench.cost.context import WORLDS, CostContext, StageCost, fewest
from benchbench.cost.memory import host_bytes
from benchbench.cost.stage_costs import stage_cost
from benchbench.plan.prepared import Prepared
from benchbench.run.executor import StageNeeds
from benchbench.run.machine import RAY
from benchbench.run.needs import needs_of
from benchbench.stages.settings import TrainingSettings


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


def needs_on(
    choice: ExecutorChoice,
    stages: Mapping[str, StageSpec],
    prepared: Sequence[Prepared],
    say: Callable[[str], object],
    *,
    todo: Collection[str],
) -> Callable[[StageSpec], StageNeeds]:
    """What stages need on a machine: by kind, and what is computed of them where the machine makes use of it.

    Args:
        choice: of the machine that runs them.
        stages: of the plan, by key.
        prepared: what each recipe reads.
        say: told in a line of a training that its cards are computed not to hold.
        todo: keys of the stages that are to run.
    """
    machine = choice.machine
    by_kind = partial(
        needs_of,
        world_size=machine.world_size,
        device_share=machine.device_share,
        device_kind=machine.device_kind,
    )
    if machine.executor == RAY:
        return with_host_memory(by_kind, stage_costs(stages, prepared, machine.device_kind), machine.device_kind)
    if machine.device_kind == "cuda":
        costs, usable = choice.costs, choice.usable
        if line := crowded_line([costs[key] for key in todo], usable, machine.world_size if machine.shards else 1):
            say(line)
        by_memory = by_kind if choice.spread is None else with_few_spread(by_kind, choice.spread)
        return with_engine_devices(by_memory, costs, usable)
    return by_kind


def crowded_line(costs: Iterable[StageCost], usable: float, world: int) -> str:
    """What is said of the largest training that its cards are computed not to hold; nothing where all are held.

    Args:
        costs: of the stages that are to run.
        usable: bytes that a stage may have on each card.
        world: cards that share the layers of what is trained.
    """
    trained = [(cost.memory(world), cost) for cost in costs if cost.train is not None and cost.memory is not None]
    need, cost = max(trained, key=lambda each: each[0].bytes, default=(None, None))
    if need is None or cost is None or need.bytes <= usable:
        return ""
    cards = fewest(cost, usable, WORLDS[-1])
    what = f"--executor torchrun --world-size {cards} --shard-layers holds it"
    if cards is None:
        what = "bench plan --on says what would hold it"
    return (
        f"memory: {cost.title} is computed to need {need.gib:.1f} GiB of a card, with rows at their longest, of which "
        f"{usable / 2**30:.1f} are usable: {what}"
    )


def cards_of(devices: Sequence[str]) -> Cards:
    """Some cards with the memory of the smallest. Imports torch."""
    import torch

    cards = [torch.cuda.get_device_properties(device) for device in devices]
    smallest = min(cards, key=lambda card: card.total_memory)
    return Cards(tuple(devices), smallest.total_memory, smallest.name)


def with_few_spread(
    needs: Callable[[StageSpec], StageNeeds], spread: Collection[str]
) -> Callable[[StageSpec], StageNeeds]:
    """What stages need where several processes share no training but some: the others come to what one comes to.

    Args:
        needs: what they need otherwise.
        spread: keys of the trainings that are shared.
    """

    def alone_unless_spread(spec: StageSpec) -> StageNeeds:
        trains = isinstance(spec.settings, TrainingSettings)
        return replace(needs(spec), devices=1) if trains and spec.key not in spread else needs(spec)

    return alone_unless_spread


def with_engine_devices(
    needs: Callable[[StageSpec], StageNeeds], costs: Mapping[str, StageCost], usable: float
) -> Callable[[StageSpec], StageNeeds]:
    """What stages need, with the cards that one engine is spread over where a model does not fit on one.

    A model that no number of cards holds, for instance since its heads cannot be divided, is left on one.

    Args:
        needs: what else they need.
        costs: of every stage, by key.
        usable: bytes that a stage may have on each card.
    """

    def with_cards(spec: StageSpec) -> StageNeeds:
        kind_needs, cost = needs(spec), costs[spec.key]
        if not kind_needs.engine or cost.memory is None:
            return kind_needs
        cards = fewest(cost, usable, WORLDS[-1]) or 1
        return kind_needs if cards == 1 else replace(kind_needs, devices=cards, engine_devices=cards)

    return with_cards


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
        cost = costs[spec.key]
        known = 0 if cost.memory is None else host_bytes(cost.memory(1), device_kind, cost.kernels)
        return replace(needs(spec), host_bytes=known)

    return with_memory
