"""Columns that models make, in a plan: which stages there are, and what their keys depend on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .test_fingerprints import plan_of

Keys = dict[str, str]
PASSES = "{value: dropout_rewards, dropout: 0.1, passes: 3"


@pytest.fixture
def keys(tmp_path: Path) -> Callable[..., Keys]:
    """Kind and title -> key of every stage of a recipe with one column."""

    def planned(column: str, *sets: str, target: str = "dpo") -> Keys:
        made = (f"preference.model_columns={{x: {column}}}", *sets)
        plan = plan_of(tmp_path / "runs", [target], sets=made)
        return {spec.title: key for key, spec in plan.stages.items() if "reference log-prob" not in spec.title}

    return planned


def changed(before: Keys, after: Keys) -> set[str]:
    assert set(before) == set(after)
    return {title for title in before if before[title] != after[title]}


AFTER = {"columns x seed 1 on train", "dpo seed 1", "score dpo seed 1 on test"}


def test_a_scale_is_of_the_columns_alone(keys: Callable[..., Keys]):
    """No model is asked again."""
    column = "{value: implicit_reward, model: {policy: sft}, reference: {policy: base}"
    assert changed(keys(column + "}"), keys(column + ", beta: 0.1}")) == set(), "0.1 is what none is"
    assert changed(keys(column + "}"), keys(column + ", beta: 0.2}")) == AFTER


@pytest.mark.parametrize("change", ["draw_seed: 1", "passes: 4", "dropout: 0.2"])
def test_masks_are_part_of_the_passes(keys: Callable[..., Keys], change: str):
    name = change.partition(":")[0]
    others = [part for part in PASSES.split(", ") if not part.startswith(f"{name}:")]
    other = ", ".join([*others, change]) + "}"
    assert changed(keys(PASSES + "}"), keys(other)) == AFTER | {"column x seed 1"}


def test_a_batch_counts_for_passes_and_not_for_rewards(keys: Callable[..., Keys]):
    smaller = "score.per_device_eval_batch_size=3"
    assert changed(keys(PASSES + "}"), keys(PASSES + "}", smaller)) == AFTER | {"column x seed 1"}
    assert changed(keys("{value: reward}"), keys("{value: reward}", smaller)) == set()


def test_rewards_of_another_recipe_are_those_of_its_own_comparison(keys: Callable[..., Keys], tmp_path: Path):
    column = "{value: reward, model: {recipe: 'reward_model@bt_soft'}}"
    alone = plan_of(tmp_path / "runs", ["reward_model@bt_soft"])
    trained = {key for key, spec in alone.stages.items() if spec.kind == "reward_model"}
    assert trained <= set(keys(column).values())


def test_a_recipe_without_columns_has_the_keys_that_it_had(tmp_path: Path):
    """The committed fingerprints of shipped recipes say so, too; an empty mapping is none."""
    plain = plan_of(tmp_path / "runs", ["dpo"])
    empty = plan_of(tmp_path / "runs", ["dpo"], sets=["preference.model_columns={}", "preference.transforms=[]"])
    assert list(plain.stages) == list(empty.stages)
