"""Recipes that a recipe names, looked at without any data: whether each is there, sound and of the same kind."""

from __future__ import annotations

from collections.abc import Iterator

from benchbench.core.errors import BenchError, Fault
from benchbench.plan.anchors import anchor_recipe, named_anchors
from benchbench.plan.model_columns import reference_of
from benchbench.plan.reward_draws import DRAWN, drawing_policy
from benchbench.plan.starts import starting_recipes
from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.load import Loaded
from benchbench.recipe.model_columns import IMPLICIT_REWARD


def require_named_recipes(loaded: Loaded) -> None:
    """Refuse a recipe that names others of which a plan could make nothing.

    Raises:
        BenchError: every one of them that is not there, is faulty, or is of another model, tokenizer or data.
    """
    faults: list[Fault] = []
    for key, source, reward_model in _sources(loaded):
        try:
            if source.recipe is not None:
                anchor_recipe(loaded, source, reward_model=reward_model)
        except BenchError as error:
            faults.append(Fault(key, str(error)))
    if faults:
        raise BenchError.of_faults(str(loaded.path), faults)
    starting_recipes(loaded)


def _sources(loaded: Loaded) -> Iterator[tuple[str, AnchorSource, bool]]:
    """Dotted key, source, and whether it is to be a reward model, of every frozen model that is named."""
    section, draws = loaded.recipe.preference, drawing_policy(loaded.recipe)
    yield from ((key, source, False) for key, source in named_anchors(loaded.recipe).items())
    if draws is not None:
        yield f"{DRAWN}.policy", draws, False
    if section is None:
        return
    for name, column in section.model_columns.items():
        key = f"preference.model_columns.{name}"
        if column.model is not None:
            yield f"{key}.model", column.model, not column.of_policy
        if column.value == IMPLICIT_REWARD:
            yield f"{key}.reference", reference_of(loaded.recipe, column), False
