"""The transforms of a recipe: bound to what their exhibits declare, applied between source and tokenisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchbench import transforms
from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.core.identity import identity
from benchbench.core.source import LoadedSplits
from benchbench.data.transforming import as_report, check_order, transform_split
from benchbench.recipe.binding import bind
from benchbench.recipe.transforms import StepSection, TransformSection

Planned = Mapping[str, Any]
"""One transform as it is applied: `name`, `splits` (none where it stands beside its one split), `draw_seed` (none where
it draws nothing), and `options`, bound."""


def bind_transforms(
    sections: Sequence[TransformSection | StepSection], *, key: str = "data.transforms"
) -> tuple[list[Planned], list[Fault]]:
    """The transforms of a recipe with their defaults filled in, and every fault of their names, options and seeds."""
    planned: list[Planned] = []
    faults: list[Fault] = []
    for place, section in enumerate(sections):
        where = f"{key}.{place}"
        try:
            transform = transforms.get(section.name)
        except BenchError as error:
            faults.append(Fault(f"{where}.name", str(error)))
            continue
        options, wrong = bind(transform.options, section.options, where=f"{where}.options")
        faults += wrong
        if section.draw_seed is not None and not transform.random:
            faults.append(Fault(f"{where}.draw_seed", f"'{section.name}' draws nothing; leave the seed out"))
        seed = (section.draw_seed or 0) if transform.random else None
        splits = {"splits": list(section.splits)} if isinstance(section, TransformSection) else {}
        planned.append({"name": section.name, **splits, "options": options, "draw_seed": seed})
    return planned, faults


def makers(column: str) -> str:
    """The end of a message about a missing column: which transforms make it; empty where none does."""
    names = transforms.making(column)
    if not names:
        return ""
    kind = "the transform" if len(names) == 1 else "the transforms"
    return f"; {kind} {' and '.join(names)} (data.transforms) can make it"


def transforms_identity(planned: Sequence[Planned]) -> dict[str, Any]:
    """What the transforms add to the identity of prepared data; nothing where there are none."""
    if not planned:
        return {}
    return {
        "transforms": [{**identity(dict(item)), "version": transforms.get(item["name"]).version} for item in planned]
    }


def apply_transforms(
    splits: LoadedSplits, planned: Sequence[Planned], *, where: str
) -> tuple[LoadedSplits, dict[str, Any]]:
    """The splits after all transforms, and what a data report says of them; both as before where there are none.

    Args:
        splits: as the source gives them.
        planned: in the order in which they are applied.
        where: the recipe's file, for messages.

    Raises:
        BenchError: a split that the data does not have, or data that a transform does not take.
    """
    examples, readings = dict(splits.splits), dict(splits.readings)
    reports: dict[str, list[dict[str, Any]]] = {}
    for place, item in enumerate(planned):
        transform, key = transforms.get(item["name"]), f"{where}: data.transforms.{place}"
        for split in item["splits"]:
            if split not in examples:
                there = ", ".join(sorted(examples))
                message = f"the data has no split '{split}'; it has {there}.{suggestion(split, examples)}"
                raise BenchError(f"{key}.splits: {message}")
            check_order(transform, readings[split].ordered, f"{key}, split '{split}'")
            before = examples[split]
            examples[split], counts = transform_split(
                transform, before, item["options"], item["draw_seed"] or 0, where=f"{key}, split '{split}'"
            )
            if transform.sets_order(item["options"]):
                readings[split] = replace(readings[split], ordered=True)
            report = as_report(transform.name, len(before), len(examples[split]), counts)
            reports.setdefault(split, []).append(report)
    return LoadedSplits(examples, readings), {"transforms": reports} if reports else {}
