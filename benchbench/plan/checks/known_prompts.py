"""Judges and oracles that know the prompts of one world alone, and prompts that are none of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from benchbench import judges, oracles, sources
from benchbench.core.errors import Fault
from benchbench.core.example import Example
from benchbench.plan.checks.columns import read_split
from benchbench.plan.prompt_sets import PreparedPrompts
from benchbench.recipe.online import prompts_split
from benchbench.recipe.schema import Recipe
from benchbench.store.prepared import PreparedData

LOOKED_AT = 20
"""Prompts of a split; what puts one out of its world, such as a transform, does so to all or to many."""


def judged_prompt_faults(recipe: Recipe, data: PreparedData, prompts: PreparedPrompts | None) -> list[Fault]:
    """Prompts whose answers the judge could not judge once a policy was trained and had written them.

    Args:
        recipe: with or without a judge.
        data: its own splits; one that is not there is refused elsewhere.
        prompts: that are answered in the place of its own.
    """
    if recipe.judge is None or (recipe.generate is None and prompts is None):
        return []
    judge = judges.get(recipe.judge.name)
    if not judge.source:
        return []
    split = "" if recipe.generate is None else recipe.generate.split
    if prompts is not None:
        where, examples = "the prompt file", read_split(prompts.data, prompts.splits[0])
    else:
        where, examples = f"split '{split}'", read_split(data, split) if split in data.shapes else ()
    return _unknown("judge", judge.name, judge.source, where, examples)


def labelled_prompt_faults(recipe: Recipe, data: PreparedData) -> list[Fault]:
    """Prompts whose drawn responses the oracle of rounds, or of draws while training, could not label.

    Args:
        recipe: with or without either.
        data: its own splits; one that is not there is refused elsewhere.
    """
    faults: list[Fault] = []
    for section, name, split in _labelled(recipe):
        oracle = oracles.get(name)
        if oracle.source == recipe.data.source and split in data.shapes:  # the rest is refused elsewhere
            faults += _unknown(f"{section}.oracle", name, oracle.source, f"split '{split}'", read_split(data, split))
    return faults


def _labelled(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """Section, oracle, and the split of the prompts whose responses it labels."""
    rounds, online, training = recipe.rounds, recipe.online, recipe.preference
    if rounds is not None:
        yield "rounds", rounds.oracle.name, rounds.prompts.split
    if online is not None and online.oracle is not None and training is not None:
        yield "online", online.oracle.name, prompts_split(online, training.split)


def _unknown(section: str, name: str, source: str, where: str, examples: Iterable[Example]) -> list[Fault]:
    knows = sources.get(source).knows
    if knows is None:
        return []
    for example in islice(examples, LOOKED_AT):
        if not knows(example.prompt):
            message = f"'{name}' knows the prompts of source {source} alone, and example {example.id} of {where} has"
            return [Fault(f"{section}.name", f"{message} another; choose another {section.split('.')[-1]}")]
    return []
