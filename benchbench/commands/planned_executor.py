"""Where the stages of a plan run, and what is said of it when they do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchbench.commands.executor_choice import ExecutorChoice, choose_executor
from benchbench.commands.stage_estimates import cards_of, stage_costs
from benchbench.run.machine import RAY

if TYPE_CHECKING:
    from benchbench.commands.run_plan import RunOptions, Session


def chosen_executor(
    session: Session, options: RunOptions, todo: Collection[str], models: Iterable[tuple[str | None, Any]]
) -> ExecutorChoice:
    """Where the stages that are to run do so: as asked for, or as their memory has it.

    Args:
        session: the plan.
        options: of the run.
        todo: keys of the stages that are to run.
        models: as `run.machine.choose_machine` takes them.

    Raises:
        BenchError: what was asked for is not here; without `--executor`, a training that the cards do not hold.
    """
    machine = options.machine(models)
    if machine.device_kind == "cpu" or machine.executor == RAY:
        return ExecutorChoice(machine)
    stages = session.plan.stages
    return choose_executor(
        machine,
        options.executor,
        {key: stages[key] for key in todo},
        stage_costs(stages, session.prepared, machine.device_kind, counted=False),
        cards_of(replace(options, workers=None, device_share=1).machine(()).devices),
        lambda world, shards: options.spread(world, shards=shards).machine(models),
        workers=options.workers,
    )


def together(choice: ExecutorChoice) -> str:
    """What is said of stages that several processes share, and of cards that several stages share."""
    machine = choice.machine
    if machine.device_share != 1:
        return f"; part of a card for each: {machine.device_share:g}"
    if machine.world_size == 1:
        return ""
    return f"; processes of a stage: {machine.world_size}{', layers sharded' if machine.shards else ''}" + (
        f"; executor: {choice.reason}" if choice.is_chosen else ""
    )
