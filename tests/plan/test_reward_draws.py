"""The round in which a reward model's pairs are drawn, as a recipe of its own."""

from __future__ import annotations

from benchbench.commands.resolve import resolve
from benchbench.plan.reward_draws import drawing
from benchbench.plan.rounds import ORACLE_OPTIONS, SAMPLER_OPTIONS, SELECTOR_OPTIONS
from benchbench.selectors import west_of_n


def test_a_recipe_that_draws_no_pairs_has_no_such_round():
    assert drawing(resolve("reward_model", setting="tiny")) is None


def test_its_one_round_is_labelled_by_the_first_reward_model():
    loaded = resolve("reward_model@west_of_n", setting="tiny")
    inner = drawing(loaded)
    assert inner is not None and inner.recipe.rounds is not None and inner.recipe.reward_model is not None
    assert inner.recipe.rounds.oracle.name == "reward_stage" and inner.recipe.rounds.prompts.per_round == 1000
    assert inner.recipe.rounds.on_empty == "fail", "a reward model without its pairs is another one"
    assert inner.recipe.reward_model.drawn is None, "who labels is trained on the labelled pairs alone"
    assert inner.bound[SELECTOR_OPTIONS] == west_of_n.Options()
    assert {SAMPLER_OPTIONS, ORACLE_OPTIONS} <= {*inner.bound}
    assert not {SAMPLER_OPTIONS, ORACLE_OPTIONS} & {*loaded.bound}
