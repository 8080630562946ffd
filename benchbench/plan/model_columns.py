"""The stages that make columns of a recipe's training examples with models, before its transforms read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchbench import transforms
from benchbench.core.identity import identity
from benchbench.plan.anchors import anchor_recipe, further_anchor
from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.model_columns import DROPOUT_REWARDS, ENTROPY, IMPLICIT_REWARD, ModelColumnSection
from benchbench.recipe.training import PreferenceSection
from benchbench.stages.model_columns.settings import (
    MODEL,
    REFERENCE,
    ColumnSettings,
    ModelColumnsSettings,
    StepSettings,
)
from benchbench.stages.reward.settings import DropoutSettings

if TYPE_CHECKING:
    from benchbench.plan.roles import Roles


def with_model_columns(roles: Roles) -> Roles:
    """The roles of a preference stage that trains on what models and transforms made; the same where none are named."""
    section = roles.recipe.preference
    assert section is not None, "checked with the recipe"
    if not section.model_columns:
        return roles
    read: dict[str, str] = {}
    for place, (name, column) in enumerate(section.model_columns.items()):
        read[f"{MODEL}{place}"] = _rows(roles, section.split, name, column)
        if column.value == IMPLICIT_REWARD:
            title = f"reference of column {name} seed {roles.seed}"
            if column.reference is None and section.init_from is not None:
                read[f"{REFERENCE}{place}"] = roles.anchor(roles.first_policy(), title, changes=_RESPONSES)
                continue
            read[f"{REFERENCE}{place}"] = further_anchor(roles, title, reference_of(roles.recipe, column), _RESPONSES)
    settings = ModelColumnsSettings(
        data=roles.data(section.split),
        ordered=roles.prepared.data.shapes[section.split].ordered,
        columns=tuple(_column(name, column) for name, column in section.model_columns.items()),
        transforms=tuple(_step(planned) for planned in roles.loaded.bound.get("preference.transforms", ())),
    )
    names = ", ".join(section.model_columns)
    title = f"columns {names} seed {roles.seed} on {section.split}"
    made_by = roles.add_made("model_columns", title, settings, read)
    return replace(roles, made={**roles.made, section.split: made_by})


_RESPONSES: Mapping[str, Any] = {"store_tokens": False, "keep_all": True, "on_empty_response": "keep_constant"}
"""How responses are scored for a column: of every example, one number each."""


def reference_of(recipe: Any, column: ModelColumnSection) -> AnchorSource:
    """The reference of an implicit reward: as it is named, or the policy that preference training starts from."""
    return column.reference or AnchorSource(policy="base" if recipe.sft is None else "sft")


def _rows(roles: Roles, split: str, name: str, column: ModelColumnSection) -> str:
    """Key of the stage whose rows hold what a column's model says of every response."""
    title = f"column {name} seed {roles.seed}"
    if column.of_policy:
        assert column.model is not None, "checked by the schema"
        changes = {**_RESPONSES, "entropy": True} if column.value == ENTROPY else _RESPONSES
        return further_anchor(roles, title, column.model, changes)
    models = roles
    if column.model is not None:
        models = replace(roles, loaded=anchor_recipe(roles.loaded, column.model, reward_model=True))
    if column.value != DROPOUT_REWARDS:
        return models.reward(split)
    dropout = DropoutSettings(passes=column.pass_count, seed=column.draw_seed or 0, rate=column.dropout)
    return models.rewards_of(models.reward_model(), split, title, dropout)


def _column(name: str, column: ModelColumnSection) -> ColumnSettings:
    scale = column.scale if column.value == IMPLICIT_REWARD else None
    return ColumnSettings(name=name, value=column.value, scale=scale, missing=column.missing)


def _step(planned: Mapping[str, Any]) -> StepSettings:
    name = planned["name"]
    return StepSettings(
        name=name,
        version=transforms.get(name).version,
        options=identity(planned["options"]),
        draw_seed=planned["draw_seed"],
    )


def trains_rewards(section: PreferenceSection) -> bool:
    """Whether a column is of the recipe's own reward model."""
    return any(not column.of_policy and column.model is None for column in section.model_columns.values())
