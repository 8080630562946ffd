"""What the reward model and its objective ask of the data."""

from __future__ import annotations

from typing import Any

from benchbench import methods, reward_objectives
from benchbench.core.errors import Fault
from benchbench.core.method import Candidates
from benchbench.core.reward_objective import RewardObjective
from benchbench.plan.checks.columns import column_faults
from benchbench.plan.checks.shapes import listed, order_faults, pair_faults
from benchbench.recipe.binding import bind
from benchbench.recipe.reward_rounds import ENSEMBLE_COLUMNS
from benchbench.recipe.schema import REWARD_MODEL, SFT, Recipe
from benchbench.recipe.training import RewardModelSection
from benchbench.store.prepared import PreparedData


def reward_model_faults(recipe: Recipe, data: PreparedData, score_split: str) -> list[Fault]:
    """Shapes, orders and columns that the reward model's objective cannot use.

    Args:
        recipe: the resolved recipe, whose parts are bound without fault.
        data: the prepared data.
        score_split: held-out split that is rewarded.
    """
    section = recipe.reward_model
    if section is None:
        return []
    objective = reward_objectives.get(section.objective.name)
    hyper, _ = bind(objective.hyper, section.objective.hyper, where="")
    faults = _candidate_faults(objective, hyper, section.split, data)
    places = [("reward_model.split", section.split, objective.carried_columns(hyper))]
    places += [(key, split, objective.scored_columns(hyper)) for key, split in _rewarded(recipe, score_split)]
    if section.pseudo_labels is not None and section.pseudo_labels.split in data.shapes:
        key = "reward_model.pseudo_labels.split"
        places.append((key, section.pseudo_labels.split, objective.scored_columns(hyper)))
    name = "reward_model.objective.name"
    faults += _round_faults(section, objective, hyper, data)
    if section.ensemble is not None and section.ensemble.use == "columns":
        places[0] = (*places[0][:2], tuple(c for c in places[0][2] if c.name not in ENSEMBLE_COLUMNS))
    return faults + [
        fault
        for key, split, columns in places
        for column in columns
        for fault in column_faults(objective.name, column, split, data, key=key, missing_key=name)
    ]


def _rewarded(recipe: Recipe, score_split: str) -> list[tuple[str, str]]:
    """(key, split) of the splits that the recipe has rewarded."""
    if recipe.method.name == REWARD_MODEL:
        return [("score.split", score_split)]
    section = recipe.preference
    if section is None or recipe.method.name == SFT or section.reward.source != "stage":
        return []
    needed = methods.get(recipe.method.name).need("reward") is not None
    return [("preference.split", section.split), ("score.split", score_split)] if needed else []


def _round_faults(
    section: RewardModelSection, objective: RewardObjective, hyper: Any, data: PreparedData
) -> list[Fault]:
    """Columns of an ensemble that nobody reads, or that the data have, too; rounds that the objective cannot make."""
    read = {column.name for column in objective.carried_columns(hyper)}
    if section.ensemble is not None and section.ensemble.use == "columns":
        if not read & {*ENSEMBLE_COLUMNS}:
            message = f"objective '{objective.name}' reads none of {', '.join(ENSEMBLE_COLUMNS)}"
            return [Fault("reward_model.ensemble", f"{message}; say use: rewards, or take an objective that does")]
        there = [name for name in ENSEMBLE_COLUMNS if name in data.shapes[section.split].columns]
        message = f"split '{section.split}' has columns of the same names: {', '.join(there)}; rename them"
        return [Fault("reward_model.ensemble", message)] if there else []
    if section.pseudo_labels is None:
        return []
    split = section.pseudo_labels.split
    if split not in data.shapes:
        message = f"the data has no split '{split}'; it has {', '.join(sorted(data.hashes))}"
        return [Fault("reward_model.pseudo_labels.split", message)]
    faults = [] if set(data.shapes[split].candidates) == {2} else pair_faults("reward_model.pseudo_labels", split, data)
    of_the_pair = any(column.per == "example" for column in objective.scored_columns(hyper))
    reads_labels = objective.columns(hyper) or of_the_pair or objective.fit is not None
    if reads_labels or objective.candidates is not Candidates.PAIR:
        message = f"expected an objective of pairs that reads no labels but their order, got '{objective.name}'"
        faults.append(Fault("reward_model.pseudo_labels", message))
    return faults


def _candidate_faults(objective: RewardObjective, hyper: Any, split: str, data: PreparedData) -> list[Fault]:
    key, shape = "reward_model.split", data.shapes[split]
    counts = set(shape.candidates)
    if objective.candidates is Candidates.PAIR:
        return pair_faults(key, split, data)
    if len(counts) > 1:
        candidates = f"split '{split}' has {listed(counts)} candidates"
        return [Fault(key, f"expected equally many candidates everywhere, {candidates}")]
    if min(counts) < objective.fewest_candidates:
        message = f"'{objective.name}' takes two candidates or more, split '{split}' has {listed(counts)}"
        return [Fault(key, message)]
    if not objective.takes_order(hyper):
        return []
    if shape.labels:
        message = f"'{objective.name}' does not read labels (thumbs up or down), which split '{split}' has"
        return [Fault(key, f"{message}; take a split of pairs, or an objective that reads a column")]
    return order_faults(key, split, data)
