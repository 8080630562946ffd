"""Whose responses a method is trained on that is right for plain samples of its policy alone; for rounds and online."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchbench.core.errors import Fault
from benchbench.core.method import Method, Need
from benchbench.core.rollout import DATA
from benchbench.core.sampler import POLICY, Arm
from benchbench.core.selector import Selector
from benchbench.recipe.rounds import PLAIN, SamplerSection
from benchbench.recipe.schema import Recipe


def drawing_faults(
    method: Method, where: str, sampler: SamplerSection, arms: Sequence[Arm], *, replayed: int = 0, opponent: str = ""
) -> Iterator[Fault]:
    """Responses that are no plain samples of the policy as it is, where the method is right for those alone.

    Args:
        method: of the recipe.
        where: `rounds` or `online`.
        sampler: of that section.
        arms: what it draws from.
        replayed: rounds before whose rows are trained on again.
        opponent: the arm whose responses stand in no row; empty for none.
    """
    if not _rows_must_be_samples(method, where):
        return
    right = f"'{method.name}' is right for plain samples alone"
    if sampler.draws and not sampler.is_plain:
        expected = ", ".join(f"{name} {value:g}" for name, value in PLAIN.items())
        strange = [name for name, value in PLAIN.items() if getattr(sampler, name) != value]
        got = ", ".join(f"{name} {getattr(sampler, name):g}" for name in strange)
        yield Fault(f"{where}.sampler", f"{right}; expected {expected}, got {got}")
    others = {
        DATA if arm.source == DATA else f"{arm.source} ({', '.join(arm.mixture)})"
        for arm in arms
        if not _is_plain(arm) and arm.source != opponent
    }
    if others:
        message = f"'{method.name}' is right for its policy's samples alone; expected {POLICY}"
        yield Fault(f"{where}.sampler.name", f"{message}, got {sampler.name}, which has {', '.join(sorted(others))}")
    if replayed:
        message = f"expected 0: {right} of the policy as it is, and rows of earlier rounds are no such samples"
        yield Fault(f"{where}.replay.rounds", f"{message}; got {replayed}")


def choice_faults(method: Method, where: str, selector: Selector, options: Any) -> Iterator[Fault]:
    """A selector that chooses among the draws, or adds to them, where the method is right for plain samples alone.

    Args:
        method: of the recipe.
        where: `rounds` or `online`.
        selector: of that section.
        options: the selector's, bound.
    """
    if not _rows_must_be_samples(method, where) or selector.keeps_draws(options):
        return
    right = f"'{method.name}' is right for plain samples alone"
    if selector.needs_data(options):
        message = f"{right}, and '{selector.name}' takes the split's candidates"
    else:
        message = f"{right}, and '{selector.name}' with these options leaves some out by what they are or are worth"
    yield Fault(f"{where}.selector", f"{message}; expected all_pairs with ties and cut: keep, or all_candidates")


def split_faults(recipe: Recipe, method: Method) -> Iterator[Fault]:
    """A split in the place of draws; one who reads fresh or drawing policies asks for `online` by that need."""
    yield from _half_step_faults(recipe, method)
    drawn = recipe.rounds is not None or recipe.online is not None
    if not method.on_policy or drawn or method.need(Need.BEHAVIOUR.name) or method.need(Need.FRESH.name):
        return
    message = f"'{method.name}' is right for samples of its policy alone, and a split's candidates are not"
    yield Fault("rounds", f"required, not given: {message}; add the section, or `online`")


def _half_step_faults(recipe: Recipe, method: Method) -> Iterator[Fault]:
    """Half steps without draws where the first of two ended, and a first one without its second."""
    if not method.half_steps:
        return
    if recipe.online is None:
        message = f"every second step of '{method.name}' is taken on draws of the policy half-way"
        yield Fault("online", f"required, not given: {message}; add the section")
    steps = None if recipe.preference is None else recipe.preference.max_steps
    if steps is None or steps % 2:
        message = f"expected an even number: an update of '{method.name}' is made of two steps"
        yield Fault("preference.max_steps", f"{message}, got {'none' if steps is None else steps}")


def _rows_must_be_samples(method: Method, where: str) -> bool:
    """Whether what the section draws must be plain samples; rows that have draws beside them may be anybody's."""
    return method.on_policy and not (where == "rounds" and method.need(Need.FRESH.name))


def _is_plain(arm: Arm) -> bool:
    return arm.source != DATA and set(arm.mixture) == {POLICY} and not arm.instructions
