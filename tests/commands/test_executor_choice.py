"""The executor where none was named: by the memory of trainings and of the cards, all of which are made up."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO
from rich.console import Console

from benchbench.commands import planned_executor, run_plan
from benchbench.commands.costs import dry_run
from benchbench.commands.executor_choice import Cards, ExecutorChoice, choose_executor
from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions, Session, open_session, run_session
from benchbench.commands.stage_estimates import stage_costs, with_few_spread
from benchbench.core.errors import BenchError
from benchbench.cost.context import StageCost
from benchbench.cost.memory import MemoryNeed
from benchbench.run import machine as machines
from benchbench.run.executor import StageNeeds
from benchbench.run.machine import Machine, choose_machine
from benchbench.run.scheduler import RunResult, Scheduler

GIB = 2**30
SMALL = ("sft", "reward_model")
"""Kinds of stages that fit one card here; preference stages need 8 GiB of one."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    loaded = resolve("dpo", setting=str(MICRO), overrides={})
    return open_session([loaded], [1], RunOptions(runs=tmp_path_factory.mktemp("chosen") / "runs"))


def made_up(costs: dict[str, StageCost], *, divides: bool = True) -> dict[str, StageCost]:
    """8 GiB for each preference stage, divided by the cards that share it, and 0.25 GiB for any other."""

    def of(cost: StageCost) -> StageCost:
        size = 8 * GIB if cost.kind == "preference" else GIB / 4
        shared = divides and cost.kind == "preference"
        return replace(cost, memory=lambda world: MemoryNeed({"weights": size / (world if shared else 1)}, "any"))

    return {key: of(cost) for key, cost in costs.items()}


@pytest.fixture(scope="module")
def costs(session: Session) -> dict[str, StageCost]:
    return stage_costs(session.plan.stages, session.prepared, "cuda", counted=False)


def chosen(session: Session, costs: dict[str, StageCost], gib: float, count: int, **asked: Any) -> ExecutorChoice:
    """The choice among so many cards of so many usable GiB."""

    def machine(workers: int | None, **how: Any) -> Machine:
        return choose_machine("cuda", workers, (), card_count=lambda: count, **how)

    workers, share = asked.get("workers"), asked.get("device_share", 1.0)
    cards = Cards(machine(None).devices, int(gib / 0.94 * GIB), "a card")
    return choose_executor(
        machine(workers, device_share=share),
        asked.get("executor", "auto"),
        session.plan.stages,
        costs,
        cards,
        lambda world, shards: machine(workers, executor="torchrun", world_size=world, shards=shards),
        workers=workers,
    )


def test_what_one_card_holds_is_run_as_ever(session: Session, costs: dict[str, StageCost]):
    choice = chosen(session, made_up(costs), 9, 4)
    assert choice.machine == choose_machine("cuda", None, (), card_count=lambda: 4) and not choice.is_chosen
    assert choice.reason == "local: trainings are computed to need at most 8.0 GiB of a card's 9.0 usable"


@pytest.mark.parametrize(("gib", "workers", "world", "places"), [(5, None, 2, 4), (2.5, None, 4, 2), (5, 3, 2, 3)])
def test_a_training_that_several_cards_hold_is_shared_by_as_few(
    session: Session, costs: dict[str, StageCost], gib: float, workers: int | None, world: int, places: int
):
    choice = chosen(session, made_up(costs), gib, 8, workers=workers)
    machine = choice.machine
    assert (machine.executor, machine.world_size, machine.shards) == ("torchrun", world, True)
    assert len(machine.places) == places
    assert choice.reason == (
        f"torchrun, chosen with {world} cards for a stage: dpo seed 1 is computed to need 8.0 GiB of a card, with rows "
        f"at their longest, of which {gib:.1f} are usable, and {8 / world:.1f} of each of {world}; layers are shared"
    )
    assert choice.spread is not None and {key.split("/")[0] for key in choice.spread} == {"preference"}
    needs = with_few_spread(lambda _: StageNeeds(world), choice.spread)
    devices = {spec.kind: needs(spec).devices for spec in session.plan.stages.values()}
    assert devices["preference"] == world and {devices[kind] for kind in SMALL if kind in devices} == {1}


@pytest.mark.parametrize(("count", "workers"), [(1, None), (8, 8)])
def test_a_training_that_no_cards_hold_is_refused_with_what_would(
    session: Session, costs: dict[str, StageCost], count: int, workers: int | None
):
    with pytest.raises(BenchError) as caught:
        chosen(session, made_up(costs), 5, count, workers=workers)
    said = str(caught.value)
    assert "dpo seed 1: expected a training that 1 card holds, 5.0 GiB of each usable, found 8.0 GiB computed" in said
    assert "would fit: " in said and "1xH100" in said and said.endswith("--executor local tries it on one card")


def test_what_cannot_be_shared_is_refused_with_the_reason(session: Session, costs: dict[str, StageCost]):
    """A step of 8 examples has none for most of 16 processes."""
    with pytest.raises(BenchError, match="dpo seed 1: computed not to fit one card, but 16 .*global_batch_size of 16"):
        chosen(session, made_up(costs), 0.51, 16)


def test_what_was_asked_for_is_done(session: Session, costs: dict[str, StageCost]):
    for asked in ({"executor": "local"}, {"device_share": 0.5}):
        choice = chosen(session, made_up(costs), 5, 8, **asked)
        assert choice.reason == "local, as asked for" and choice.machine.world_size == 1


def test_dry_run_and_first_line_say_it_with_the_reason(
    session: Session, costs: dict[str, StageCost], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On a machine of four made-up cards; nothing is started."""
    assert choose_machine.__kwdefaults__ is not None
    monkeypatch.setitem(choose_machine.__kwdefaults__, "card_count", lambda: 4)
    monkeypatch.setattr(dry_run, "cuda_card_count", lambda: 4)
    monkeypatch.setattr(dry_run, "DRIVER", tmp_path)
    cards = Cards(tuple(f"cuda:{number}" for number in range(4)), int(5 / 0.94 * GIB), "a card")
    monkeypatch.setattr(planned_executor, "cards_of", lambda _: cards)
    monkeypatch.setattr(planned_executor, "stage_costs", lambda *_, **__: made_up(costs))
    monkeypatch.setattr(Scheduler, "run", lambda *_: RunResult())
    opened: list[Machine] = []
    opens = machines.open_executor
    monkeypatch.setattr(run_plan, "open_executor", lambda machine, root: opened.append(machine) or opens(machine, root))
    reason = "torchrun, chosen with 2 cards for a stage: dpo seed 1 is computed to need 8.0 GiB of a card"
    (planned,) = dry_run.planned_executor([session], session.options.store)
    assert planned.line.startswith(f"executor: {reason}") and planned.values["world_size"] == 2
    out = io.StringIO()
    run_session(session, session.options, Console(file=out, width=1000))
    line = next(line for line in out.getvalue().splitlines() if "stages to run on" in line)
    assert "workers: 2" in line and "processes of a stage: 2, layers sharded" in line and f"executor: {reason}" in line
    assert [(machine.executor, machine.places) for machine in opened] == [
        ("torchrun", [("cuda:0", "cuda:1"), ("cuda:2", "cuda:3")])
    ]
    monkeypatch.setattr(planned_executor, "stage_costs", lambda *_, **__: made_up(costs, divides=False))
    (refused,) = dry_run.planned_executor([session], session.options.store)
    assert refused.line.startswith("executor: refused: --executor auto") and "would fit" in refused.line
    with pytest.raises(BenchError, match="--executor local tries it"):
        run_session(session, session.options, Console(file=io.StringIO()))
