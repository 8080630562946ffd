"""`bench plan --on`: the plan of `--dry-run`, with memory, time and money on given devices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchbench.commands.resolve import common_seeds, parse_seeds, resolve_all
from benchbench.commands.run_plan import RunOptions, Session, open_session
from benchbench.commands.stage_estimates import stage_costs
from benchbench.core.errors import BenchError
from benchbench.core.records import StageRecord
from benchbench.cost.context import StageCost
from benchbench.cost.devices import Fleet, parse_fleet
from benchbench.cost.fit import FittedStage, placed
from benchbench.cost.queue import QueueConditions, QueueOutcome, job_of, simulate
from benchbench.cost.rates import FinishedStage, RateKey, RateRange, rate_of, separated
from benchbench.data.model_size import machine_bytes
from benchbench.recipe.overrides import parse_overrides


@dataclass(frozen=True)
class CostRequest:
    """What is to be planned, and on what."""

    targets: Sequence[str]
    on: str
    """A number and a device, as in `8xH100`."""
    setting: str | None = None
    seeds: Sequence[str] | None = None
    overrides: Sequence[str] = ()
    start_seconds: float = 20.0
    """Of each stage, before its work."""
    price_per_hour: float | None = None
    """Of one device, in any currency."""


@dataclass(frozen=True)
class PlannedStage:
    """One stage, where it would run, and how long."""

    cost: StageCost
    is_finished: bool
    place: FittedStage
    seconds: tuple[float, float] | None
    """Least and most, beside its start; none where that is not known."""


@dataclass(frozen=True)
class PlannedCosts:
    """What a grid takes."""

    fleet: Fleet
    cells: int
    stages: tuple[PlannedStage, ...]
    rates: Mapping[RateKey, RateRange | None]
    """Of every kind of work in every precision that the stages have."""
    conditions: QueueConditions
    price_per_hour: float | None
    assumed: tuple[str, ...]
    """What is not on this machine, and what is assumed of it."""

    @property
    def left(self) -> list[PlannedStage]:
        """Stages that are to run."""
        return [stage for stage in self.stages if not stage.is_finished]

    @property
    def untimed(self) -> list[PlannedStage]:
        """Stages to run whose time is not known, or not all of it."""
        return [stage for stage in self.left if stage.seconds is None or stage.cost.unknown]

    @property
    def nowhere(self) -> list[PlannedStage]:
        """Stages that fit on none of the devices."""
        return [stage for stage in self.left if stage.place.fits_nowhere]

    @property
    def slots(self) -> int:
        """Stages at once: as many as the largest leaves room for."""
        needed = max((stage.place.devices or 1 for stage in self.left), default=1)
        return max(1, self.fleet.count // needed)

    @property
    def calls(self) -> float:
        """Questions to judges, at most."""
        return sum(stage.cost.calls for stage in self.left)

    @property
    def call_price(self) -> float | None:
        """What these cost at most; none where a judge's prices are not known."""
        prices = [stage.cost.call_price for stage in self.left]
        return None if any(price is None for price in prices) else sum(price or 0.0 for price in prices)

    @property
    def drawn_tokens(self) -> float:
        """Tokens that are drawn, at most."""
        return sum(stage.cost.drawn_tokens for stage in self.left)


@dataclass(frozen=True)
class CostReport:
    """A plan with the queue that it makes."""

    costs: PlannedCosts
    queues: tuple[QueueOutcome, QueueOutcome]
    """Played with the least and the most seconds of each stage."""

    @property
    def hours(self) -> tuple[float, float] | None:
        """Of all stages to run that are timed, least and most; none where stages are to run and none of them is timed.

        A lower bound where `costs.untimed` has any.
        """
        if self.costs.left and all(stage.seconds is None for stage in self.costs.left):
            return None
        return self.queues[0].seconds / 3600, self.queues[1].seconds / 3600

    @property
    def device_hours(self) -> tuple[float, float] | None:
        """Hours times devices: what is paid for while the grid runs; none where no hours are known."""
        return _times(self.hours, self.costs.fleet.count)

    @property
    def price(self) -> tuple[float, float] | None:
        """Of the devices; none where no price was given, or no hours are known."""
        return _times(self.device_hours, self.costs.price_per_hour)


def _times(bounds: tuple[float, float] | None, factor: float | None) -> tuple[float, float] | None:
    return None if bounds is None or factor is None else (bounds[0] * factor, bounds[1] * factor)


def planned_costs(request: CostRequest, options: RunOptions) -> CostReport:
    """What a grid takes on the devices of a request; nothing runs, and nothing is fetched.

    Raises:
        BenchError: as `resolve_all` and `open_session`; a device, price or start that is none.
    """
    fleet = parse_fleet(request.on)
    for name, value in (("--price", request.price_per_hour), ("--start", request.start_seconds)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise BenchError(f"{name}: expected a number of 0 or more, got {value:g}")
    loaded = resolve_all(request.targets, setting=request.setting, overrides=parse_overrides(request.overrides))
    seeds = common_seeds(loaded, parse_seeds(request.seeds))
    session = open_session(loaded, seeds, replace(options, dry_run=True), with_samples=True)
    kind = "cpu" if fleet.device.name == "cpu" else "cuda"
    costs = costs_of(session, kind)
    store = options.store
    usable = machine_bytes() / fleet.count if kind == "cpu" else fleet.device.usable_bytes
    ran = separated(ran_stages(costs.values(), session, fleet).values())
    needed = sorted({key for cost in costs.values() for key in cost.rated_work})
    rates = {each: rate_of(each, fleet.device, ran) for each in needed}
    stages = tuple(
        PlannedStage(cost, not session.assumed and store.is_done(key), place, _seconds(cost, rates, place))
        for key, cost in costs.items()
        for place in (placed(cost, fleet, usable),)
    )
    conditions = QueueConditions(start_seconds=request.start_seconds, engines=1 if kind == "cpu" else None)
    planned = PlannedCosts(
        fleet, len(session.cells), stages, rates, conditions, request.price_per_hour, session.assumed
    )
    return CostReport(planned, (_queue(planned, session, 0), _queue(planned, session, 1)))


def costs_of(session: Session, device_kind: str, *, counted: bool = True) -> dict[str, StageCost]:
    """Key -> what a stage of a session takes.

    Args:
        session: the plan.
        device_kind: `cpu` or `cuda`.
        counted: whether a sample of each split is tokenised; else rows are as long as they may be.
    """
    return stage_costs(session.plan.stages, session.prepared, device_kind, counted=counted)


def ran_stages(costs: Iterable[StageCost], session: Session, fleet: Fleet) -> dict[str, FinishedStage]:
    """Key -> finished stage that ran on such a device, but those of which something is not known.

    Args:
        costs: of the stages of the plan.
        session: the plan.
        fleet: the devices.
    """
    ran: dict[str, FinishedStage] = {}
    for cost in () if session.assumed else costs:
        record = session.options.store.record(cost.key)
        if record is None or record.status != "done" or cost.unknown or not is_like(record, fleet):
            continue
        share = _asked(record.summary) if cost.judge else 1.0
        ran[cost.key] = FinishedStage({key: work * share for key, work in cost.rated_work.items()}, record.seconds)
    return ran


def _asked(summary: Mapping[str, Any]) -> float:
    """The share of a judge's answers that were waited for: the others were kept from before."""
    calls = summary.get("calls", 0)
    return calls / max(1, calls + summary.get("cached", 0))


def is_like(record: StageRecord, fleet: Fleet) -> bool:
    """Whether a stage ran alone on one device of the fleet's kind, from its beginning."""
    places = (record.environment, *record.resumed_environments)
    if any(place.get("world_size", 1) != 1 or place.get("device_share", 1) != 1 for place in places):
        return False
    if fleet.device.name == "cpu":
        return all(place.get("device_kind") == "cpu" for place in places)
    return all(place.get("device_name") in fleet.device.driver_names for place in places)


def _seconds(
    cost: StageCost, rates: Mapping[RateKey, RateRange | None], place: FittedStage
) -> tuple[float, float] | None:
    """Least and most seconds of a stage's work; none where a rate, or the work itself, is not known."""
    if not cost.work and (cost.unknown or cost.memory is not None):
        return None
    low = high = 0.0
    for key, work in cost.rated_work.items():
        rate = rates[key]
        if rate is None:
            return None
        least, most = rate.seconds(work)
        low, high = low + least, high + most
    devices = place.devices or 1
    return low / devices, high / devices


def _queue(planned: PlannedCosts, session: Session, end: int) -> QueueOutcome:
    """The queue played with the least or the most seconds of each stage; what is not known counts as its start."""
    jobs = [
        job_of(session.plan.stages[stage.cost.key], 0.0 if stage.seconds is None else stage.seconds[end])
        for stage in planned.left
    ]
    return simulate(jobs, planned.slots, planned.conditions)
