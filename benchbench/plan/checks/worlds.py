"""What judges are told of a world whose data a source makes: it is what the source was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchbench import judges, oracles
from benchbench.core.errors import Fault
from benchbench.core.identity import identity
from benchbench.core.judge import Judge
from benchbench.recipe.schema import Recipe


def world_faults(recipe: Recipe, bound: Mapping[str, Any]) -> Iterator[Fault]:
    """Options of judges that say of the data's world something else than `data.options`.

    Args:
        recipe: its judge and its oracles may ask one.
        bound: dotted key -> options with their defaults filled in, of every part whose name and options are right.
    """
    data = bound.get("data.options")
    if data is None:
        return
    if recipe.judge is not None and "judge.options" in bound:
        yield from _differing(judges.get(recipe.judge.name), bound["judge.options"], data, "judge.options")
    for part in ("rounds", "online"):
        section = getattr(recipe, part)
        if section is None or section.oracle is None or f"{part}.oracle.options" not in bound:
            continue
        oracle = oracles.get(section.oracle.name)
        if oracle.judge_of is not None:
            judge, options = oracle.judge_of(bound[f"{part}.oracle.options"])
            yield from _differing(judge, identity(options), data, f"{part}.oracle.options.options")


def _differing(judge: Judge, options: Mapping[str, Any], data: Any, where: str) -> Iterator[Fault]:
    for name in judge.describes:
        expected = getattr(data, name, options[name])
        if options[name] != expected:
            message = f"expected {expected}, as data.options.{name}: judge '{judge.name}' goes by the world of the data"
            yield Fault(f"{where}.{name}", f"{message}; got {options[name]}; write the same in both")
