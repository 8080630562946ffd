"""Recipes whose policy another recipe's preference training starts from: found, checked, prepared and planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchbench.core.errors import BenchError, Fault
from benchbench.plan.anchors import named_recipe, overrides_of_setting, policy_of, require_alike
from benchbench.plan.graph import EarlierTraining
from benchbench.plan.prepared import Prepared, StartingRecipe
from benchbench.plan.rounds import trained_policy, unrolled
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import REWARD_MODEL, SFT

if TYPE_CHECKING:
    from benchbench.plan.roles import Roles

KEY = "preference.init_from"
_SAME = ("model", "tokenization", "data", "sft", "lora", "seeds.scope", "seeds.fixed_seed")
"""What both recipes hold fixed; of the data, transforms of a split that nothing but a recipe's own training reads are
not among it."""


def starting_recipes(loaded: Loaded) -> tuple[Loaded, ...]:
    """The recipe that training starts from, the one that this one starts from, and so on; empty without any.

    Raises:
        BenchError: there is no such recipe, or it is faulty, trains no policy, or is of another model, tokenizer or
            data; recipes that start from each other in a circle.
    """
    chain = [loaded]
    while (start := _starting_recipe(chain[-1])) is not None:
        if any((start.path, start.recipe_hash) == (known.path, known.recipe_hash) for known in chain):
            names = " starts from ".join(each.label for each in (*chain, start))
            circle = f"expected a recipe that in the end starts from the SFT policy, got a circle: {names}"
            raise BenchError.of_faults(str(loaded.path), [Fault(KEY, circle)])
        chain.append(start)
    return tuple(chain[1:])


def _starting_recipe(loaded: Loaded) -> Loaded | None:
    section = loaded.recipe.preference
    trains = loaded.recipe.method.name not in (SFT, REWARD_MODEL)
    if section is None or section.init_from is None or not trains:
        return None
    try:
        other = named_recipe(loaded, section.init_from, overrides_of_setting(loaded))
        _require_fit(loaded, other)
    except BenchError as error:
        raise BenchError.of_faults(str(loaded.path), [Fault(KEY, str(error))]) from None
    return other


def _require_fit(loaded: Loaded, other: Loaded) -> None:
    """Refuse a recipe whose result is no policy that this one can go on from."""
    recipe = other.recipe
    if recipe.is_reward_model or (recipe.method.name == SFT and recipe.sft is None):
        result = "a reward model" if recipe.is_reward_model else "the base model, which every recipe without sft has"
        raise BenchError(
            f"{other.path}: expected a recipe that trains a policy, the result of {other.label} is {result}"
        )
    why = "so that training goes on from a policy of the same model, tokens and demonstrations"
    require_alike(loaded, other, loaded.comparable_values(), other.comparable_values(), _SAME, why)


def with_starts(loaded: Loaded, starts: Sequence[Loaded], read: Callable[[Loaded], Prepared]) -> Prepared:
    """What a recipe reads, and with it what the recipes read whose training comes before its own.

    Args:
        loaded: the recipe.
        starts: as `starting_recipes` gives them.
        read: brings what a recipe reads to disk.
    """
    prepared = read(loaded)
    if not starts:
        return prepared
    start = StartingRecipe(starts[0], with_starts(starts[0], starts[1:], read))
    missing = tuple(dict.fromkeys((*prepared.missing, *start.prepared.missing)))
    return replace(prepared, missing=missing, start=start)


def and_starts(items: Iterable[tuple[Loaded, Prepared]]) -> list[tuple[Loaded, Prepared]]:
    """Recipes with what they read, each followed by those whose training comes before its own."""
    every: list[tuple[Loaded, Prepared]] = []
    for loaded, prepared in items:
        every.append((loaded, prepared))
        while prepared.start is not None:
            loaded, prepared = prepared.start.loaded, prepared.start.prepared
            every.append((loaded, prepared))
    return every


def starting_policy(roles: Roles) -> str | None:
    """Key of the policy of the recipe that preference training starts from, of the same seed."""
    return policy_of(_starting_roles(roles))


def earlier_training(roles: Roles) -> EarlierTraining | None:
    """The training that a recipe's own goes on from; none where that is the SFT policy's."""
    section = roles.recipe.preference
    if section is None or section.init_from is None or roles.recipe.method.name == SFT:
        return None
    other = _starting_roles(roles)
    if other.recipe.method.name == SFT:
        return None
    return EarlierTraining(
        loaded=other.loaded,
        seed=other.seed,
        policy=trained_policy(other),
        data=other.prepared.data_key,
        rounds=() if other.recipe.rounds is None else unrolled(other),
        earlier=earlier_training(other),
    )


def _starting_roles(roles: Roles) -> Roles:
    start = roles.prepared.start
    assert start is not None, "prepared with the recipe that names it"
    return replace(roles, loaded=start.loaded, prepared=start.prepared, made={}, round=None)
