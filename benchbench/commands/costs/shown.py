"""A plan's costs, for a reader and for a program: what is measured, stated, computed or assumed says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench.commands.costs.run import CostReport, PlannedCosts, PlannedStage
from benchbench.cost.memory import MemoryNeed
from benchbench.cost.rates import rate_name


def cost_rows(costs: PlannedCosts) -> list[dict[str, Any]]:
    """One row per stage."""
    return [
        {
            "stage": stage.cost.title,
            "status": "finished" if stage.is_finished else "to run",
            "GiB": None if stage.place.need is None else round(stage.place.need.gib, 2),
            "devices": _devices(costs, stage),
            "seconds": _range(stage.seconds),
            "drawn tokens": int(stage.cost.drawn_tokens) or None,
            "questions": int(stage.cost.calls) or None,
        }
        for stage in costs.stages
    ]


def _devices(costs: PlannedCosts, stage: PlannedStage) -> str:
    if stage.place.fits_nowhere:
        return "fits nowhere"
    return "unknown" if stage.place.devices is None else str(stage.place.devices)


def _range(seconds: tuple[float, float] | None) -> str:
    if seconds is None:
        return "unknown"
    return _bounds(seconds)


def cost_lines(report: CostReport) -> Iterator[str]:
    """What is said under the table."""
    costs = report.costs
    device = costs.fleet.device
    yield from costs.assumed
    yield (
        "GiB: computed, of tensors on each device"
        + ("" if device.memory_gib is None else f", of {device.memory_gib:.1f} GiB, as nvidia-smi reports it")
    )
    for key, rate in costs.rates.items():
        said = "no rate: nothing ran here, and none is stated" if rate is None else rate.origin
        source = "" if rate is None or rate.is_measured else f" ({device.source})"
        yield f"{rate_name(key)}: {said}{source}"
    yield from dict.fromkeys(f"tokens: {stage.cost.origin}" for stage in costs.stages if stage.cost.origin)
    biggest = biggest_stage(costs.left)
    if biggest is not None and biggest.place.need is not None:
        yield memory_line(biggest.cost.title, biggest.place.need, biggest.cost.notes)
    if len({stage.place.devices for stage in costs.left}) > 1 and costs.slots < costs.fleet.count:
        yield f"{costs.slots} stages at once, as the largest is sharded (computed, as if all were)"
    stages = f"{len(costs.stages)} stages, {len(costs.left)} to run on {costs.fleet.name}"
    yield f"{costs.cells} cells, {stages}{_queue(report)}"
    yield from dict.fromkeys(f"unknown: {reason}" for stage in costs.untimed for reason in stage.cost.unknown)
    if money := "; ".join(_money(report)):
        yield money


def _queue(report: CostReport) -> str:
    """How long what is left takes."""
    costs = report.costs
    if not costs.left:
        return ""
    if report.hours is None:
        return ": the time of none of them is known"
    least = f"at least {_bounds(report.hours)} h" if costs.untimed else f"{_bounds(report.hours)} h"
    text = (
        f": {least} in the queue (simulated; {costs.conditions.start_seconds:g} s of start for each stage, assumed), "
        f"devices at work {report.queues[1].efficiency:.0%} of it"
    )
    return text + (f"; not in these hours: what is unknown of {len(costs.untimed)} stages" if costs.untimed else "")


def _bounds(bounds: tuple[float, float]) -> str:
    low, high = bounds
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _money(report: CostReport) -> Iterator[str]:
    """Device-hours, their price, and what judges cost."""
    if report.costs.left and report.device_hours is not None:
        hours = f"{_bounds(report.device_hours)} device-hours"
        price = report.price
        yield (
            f"{hours}, {price[0]:.2f} to {price[1]:.2f} at the price given"
            if price
            else f"{hours} (--price HOUR makes money of them)"
        )
    calls, price = report.costs.calls, report.costs.call_price
    if calls:
        paid = "their price is not known" if price is None else f"{price:.2f} at most by the recipe's prices"
        yield f"judges: at most {calls:,.0f} questions, {paid}"
    elif price is None:
        yield "what oracles ask judges for pay is not known, nor its price"


def biggest_stage(stages: list[PlannedStage]) -> PlannedStage | None:
    """The stage with the most memory on one device; none where that of no stage is known."""
    known = [stage for stage in stages if stage.place.need is not None]
    return max(known, key=lambda stage: stage.place.need.bytes if stage.place.need else 0, default=None)


def memory_line(title: str, need: MemoryNeed, notes: tuple[str, ...] = ()) -> str:
    """The memory of one stage with its parts, the largest first."""
    parts = sorted(need.parts.items(), key=lambda item: -item[1])
    shares = ", ".join(f"{name} {size / 2**30:.2g}" for name, size in parts)
    why = f" ({'; '.join(notes)})" if notes else ""
    return f"memory, computed: {need.gib:.2g} GiB for {title}, at {need.moment}: {shares}{why}"


def nowhere_lines(costs: PlannedCosts) -> list[str]:
    """Of each stage that fits nowhere, its need and what would hold it."""
    return [
        f"{stage.cost.title}: {stage.place.need.gib:.1f} GiB on one device; would fit: {stage.place.advice}"
        for stage in costs.nowhere
        if stage.place.need is not None
    ]


def cost_document(report: CostReport) -> dict[str, Any]:
    """The same for a program."""
    costs = report.costs
    return {
        "on": costs.fleet.name,
        "cells": costs.cells,
        "stages": [_stage_values(stage) for stage in costs.stages],
        "rates": {
            rate_name(key): None if rate is None else {"low": rate.low, "high": rate.high, "origin": rate.origin}
            for key, rate in costs.rates.items()
        },
        "hours": None if report.hours is None else list(report.hours),
        "device_hours": None if report.device_hours is None else list(report.device_hours),
        "price": None if report.price is None else list(report.price),
        "efficiency": [queue.efficiency for queue in report.queues],
        "start_seconds": costs.conditions.start_seconds,
        "judge": {"questions": costs.calls, "price": costs.call_price},
        "drawn_tokens": costs.drawn_tokens,
        "untimed": [stage.cost.title for stage in costs.untimed],
        "fits_nowhere": nowhere_lines(costs),
        "assumed": list(costs.assumed),
    }


def _stage_values(stage: PlannedStage) -> dict[str, Any]:
    cost, need = stage.cost, stage.place.need
    return {
        "stage": cost.title,
        "kind": cost.kind,
        "finished": stage.is_finished,
        "work": dict(cost.work),
        "memory_gib": None if need is None else {name: size / 2**30 for name, size in need.parts.items()},
        "moment": None if need is None else need.moment,
        "devices": stage.place.devices,
        "seconds": None if stage.seconds is None else list(stage.seconds),
        "drawn_tokens": cost.drawn_tokens,
        "questions": cost.calls,
        "tokens": cost.origin,
        "notes": list(cost.notes),
        "unknown": list(cost.unknown),
    }
