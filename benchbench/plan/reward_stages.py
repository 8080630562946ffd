"""The stages that a reward model is made of: alone, or after what rates, orders or draws its pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchbench import reward_objectives
from benchbench.core.data_ref import DataRef
from benchbench.core.identity import identity
from benchbench.core.seeding import stream
from benchbench.plan.anchors import recipe_policy
from benchbench.plan.reward_draws import climbs, drawing, drawing_policy
from benchbench.plan.rounds import drawn_rows
from benchbench.stages.pseudo_labels.settings import PseudoLabelSettings
from benchbench.stages.reward_ensemble.settings import RewardEnsembleSettings
from benchbench.stages.reward_model.settings import RewardObjectiveSettings

if TYPE_CHECKING:
    from benchbench.plan.roles import Roles
    from benchbench.recipe.training import RewardModelSection

PLAIN = RewardObjectiveSettings()
"""Bradley-Terry, which members of an ensemble that rates pairs minimise."""


def reward_model(roles: Roles) -> str:
    """Key of the reward model of a seed, after what comes before it."""
    section, roles = _section(roles), replace(roles, made={})  # what preference training reads of a split is its own
    data, title = roles.data(section.split), f"reward model seed {roles.seed}"
    if section.ensemble is not None:
        assert section.ensemble.use == "columns", "an ensemble that rewards is no single model"
        made_by = _ensemble(roles, section.split, PLAIN)
        return roles.trained_rewards(_objective(roles), roles.seed, title, DataRef(section.split, made_by=made_by))
    if section.drawn is not None:
        return _after_draws(roles, title, data, section.drawn.prompts.split)
    if section.pseudo_labels is None:
        return roles.trained_rewards(_objective(roles), roles.seed, title, data)
    return _after_rounds(roles, title, data)


def reward(roles: Roles, split: str) -> str:
    """Key of the rewards of a split: of the reward model, or of the ensemble that it is."""
    section = _section(roles)
    if section.ensemble is not None and section.ensemble.use == "rewards":
        return _ensemble(roles, split, _objective(roles))
    return roles.rewards_of(reward_model(roles), split, f"rewards seed {roles.seed} on {split}")


def _ensemble(roles: Roles, split: str, objective: RewardObjectiveSettings) -> str:
    """Key of the mean rewards of the ensemble's members on a split, and of its examples with their columns."""
    section = _section(roles)
    assert section.ensemble is not None
    members: dict[str, str] = {}
    data = replace(roles, made={}).data(section.split)
    for i in range(section.ensemble.size):
        named = f"seed {roles.seed} member {i + 1}"
        seed = int(stream(roles.seed, f"reward ensemble member {i}").integers(2**31))
        model = roles.trained_rewards(objective, seed, f"reward model {named}", data)
        members[f"member_{i}"] = roles.rewards_of(model, split, f"rewards {named} on {split}")
    settings = RewardEnsembleSettings(data=roles.data(split), members=len(members))
    return roles.add_made("reward_ensemble", f"reward ensemble seed {roles.seed} on {split}", settings, members)


def _after_rounds(roles: Roles, title: str, labelled: DataRef) -> str:
    """Key of the reward model of the last round of pseudo-labels."""
    section = _section(roles)
    rounds = section.pseudo_labels
    assert rounds is not None
    data = labelled
    for number in range(rounds.rounds):
        which = f"seed {roles.seed} round {number}"
        model = roles.trained_rewards(_objective(roles), roles.seed, f"reward model {which}", data)
        rewards = {"rewards": roles.rewards_of(model, rounds.split, f"rewards {which} on {rounds.split}")}
        settings = PseudoLabelSettings(data=roles.data(rounds.split), labelled=labelled, threshold=rounds.threshold)
        made_by = roles.add_made("pseudo_labels", f"pseudo-labels {which} on {rounds.split}", settings, rewards)
        data = DataRef(section.split, made_by=made_by)
    return roles.trained_rewards(_objective(roles), roles.seed, title, data)


def _after_draws(roles: Roles, title: str, labelled: DataRef, split: str) -> str:
    """Key of the reward model of the labelled pairs and of what is drawn to a split's prompts."""
    loaded = drawing(roles.loaded)
    assert loaded is not None, "asked of a recipe that draws pairs"
    rows = drawn_rows(replace(roles, loaded=loaded, round=None), _who_draws(roles))
    title = f"{title}, climbing on draws" if climbs(roles.recipe) else f"{title}, with drawn pairs"
    return roles.trained_rewards(_objective(roles), roles.seed, title, labelled, drawn=(split, rows))


def _who_draws(roles: Roles) -> str | None:
    """Key of the policy whose responses are the further pairs: SFT's, or that of the recipe which the section names."""
    source = drawing_policy(roles.loaded.recipe)
    if source is None:
        return roles.sft()
    return recipe_policy(roles, source)


def _objective(roles: Roles) -> RewardObjectiveSettings:
    name = _section(roles).objective.name
    hyper = identity(roles.loaded.bound["reward_model.objective.hyper"])
    return RewardObjectiveSettings(name=name, version=reward_objectives.get(name).version, hyper=hyper)


def _section(roles: Roles) -> RewardModelSection:
    section = roles.recipe.reward_model
    assert section is not None, "checked with the recipe"
    return section
