"""Recipes of the settings that need no network: all of them can be planned.

The toy setting has one for every method that needs more than the setting, or a reason why there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchbench import methods
from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.commands.tune.recipes import NOT_TUNED
from benchbench.core.errors import BenchError
from benchbench.plan.graph import Plan
from benchbench.recipe import library
from benchbench.recipe.overrides import parse_overrides

IN_ROUNDS = "reads who drew a response, or how often it wins over fresh ones, which pairs of the world do not have"
WITHOUT = {
    "bidedpo_twin": "reads a second pair for one aspect of the same prompt, which the world does not have",
    "dpo_rationale": "reads a rationale beside each pair, which the world does not have",
    "icrank_irpo": "reads lists of items in one response with their relevance, which the world does not have",
    "tpo_tree": "reads weights of the steps of a tree of responses, which the world does not have",
    "fdpo_factual": "reads which responses violate facts; tasks of the world are solved or not",
    "nash_md_regression": IN_ROUNDS,
    "trpa": "reads levels of a response from 1 to 4, which the world does not have",
}
"""Methods that have no recipe on the toy setting, and cannot be planned there without one."""
AFTER_ROUNDS = ("imitation_self_training_arithmetic.yaml",)
"""Recipes that start from a recipe in rounds."""
SMALL = ("demonstrations=300", "preference_prompts=40", "validation_prompts=20", "test_prompts=20")
"""Sizes of the world that is planned here."""
SIZES = {
    "tiny": SMALL,
    "arithmetic": SMALL,
    "calculator": SMALL,
    "contexts": SMALL,
    "general_preference": SMALL,
    "judgements": (*SMALL, "further_pairs=40"),
    "self_judging": SMALL,
    "tool_claims": SMALL,
    "two_tastes": SMALL,
    "users": ("demonstrations=300", "preference_prompts=400", "validation_prompts=80", "test_prompts=200"),
    "codec": tuple(text.replace("preference_prompts", "golden_prompts") for text in SMALL),
}
"""Setting -> sizes of its world."""


def recipes(setting: str = "tiny") -> dict[str, list[library.Entry]]:
    """Method -> its shipped recipes of a setting."""
    by_method: dict[str, list[library.Entry]] = {}
    for entry in library.entries():
        if not entry.is_setting and entry.setting_name == setting:
            by_method.setdefault(entry.method[0], []).append(entry)
    return by_method


def planned(targets: Sequence[str], runs: Path, *more: str, setting: str = "tiny") -> Plan:
    """The plan of recipes and methods in a small world of a setting, of which `more` may change the sizes."""
    written = dict(text.split("=", 1) for text in (*(f"data.options.{size}" for size in SIZES[setting]), *more))
    sets = parse_overrides([f"{key}={value}" for key, value in written.items()])
    loaded = [resolve(target, setting=None, overrides=sets) for target in targets]
    return open_session(loaded, (42,), RunOptions("cpu", runs=runs)).plan


def plan(targets: Sequence[str], runs: Path, *more: str, setting: str = "tiny") -> int:
    """Plan recipes and methods in a small world of a setting; the number of stages."""
    return len(planned(targets, runs, *more, setting=setting).stages)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the data that the plans share."""
    return tmp_path_factory.mktemp("runs")


def test_every_method_has_a_recipe_or_runs_as_it_is_or_has_none_for_a_reason(runs: Path):
    with_recipe = recipes().keys()
    assert WITHOUT.keys() <= set(methods.names()) - with_recipe, "no reason is needed any more"
    as_it_is = [name for name in methods.names() if name not in with_recipe and name not in WITHOUT]
    try:
        assert not as_it_is or plan(as_it_is, runs) > len(as_it_is)
    except BenchError as error:
        pytest.fail(f"write a recipe of the toy setting (`recipes/NAME_tiny.yaml`), or a reason here: {error}")


@pytest.mark.parametrize("name", WITHOUT)
def test_a_method_without_a_recipe_cannot_be_planned_without_one(name: str, runs: Path):
    with pytest.raises(
        BenchError, match="reads the (column|candidate of role|token weights)|rounds: required, not given"
    ):
        plan([name], runs)


@pytest.mark.parametrize("setting", SIZES)
def test_every_recipe_can_be_planned(setting: str, runs: Path):
    """Those in rounds with as few prompts in each as the small world has, and with the engine that can draw for all.

    What `--set` says of rounds does not reach a recipe that another one starts from, so its world is as large as those.
    """
    every = [entry for entries in recipes(setting).values() for entry in entries]
    in_rounds = [str(entry.path) for entry in every if "rounds" in entry.values]
    after_rounds = [path for path in in_rounds if Path(path).name in AFTER_ROUNDS]
    in_rounds = [path for path in in_rounds if path not in after_rounds]
    enough = ("data.options.preference_prompts=1000", "generate.engine=transformers")
    assert not after_rounds or plan(after_rounds, runs, *enough, setting=setting) > len(after_rounds)
    drawn = [str(entry.path) for entry in every if "drawn" in entry.values.get("reward_model", {})]
    apart = {*in_rounds, *after_rounds, *drawn}
    others = [path for path in (str(entry.path) for entry in every) if path not in apart]
    assert not others or plan(others, runs, setting=setting) > len(others)
    more = ("rounds.prompts.per_round=4", "generate.engine=transformers")
    assert not in_rounds or plan(in_rounds, runs, *more, setting=setting) > len(in_rounds)
    more = ("reward_model.drawn.prompts.count=4", "generate.engine=transformers")
    assert not drawn or plan(drawn, runs, *more, setting=setting) > len(drawn)


def test_methods_in_rounds_share_the_first_rounds_draws_and_labels(runs: Path):
    """Whatever they read of the labels: as long as their policies are equal, so are their responses."""
    pairs = ("dpo@iterative", "ipo@iterative", "sppo@iterative", "sppo_hard@iterative", "inpo@iterative")
    pairs += ("dno@iterative", "irepo@iterative", "dpo@moving", "pmpo@iterative", "exo_k@iterative")
    plan = planned(pairs, runs, "rounds.prompts.per_round=4", "rounds.count=1")
    kinds = Counter(key.split("/")[0] for key in plan.stages)
    assert kinds["rollout"] == kinds["label"] == 1
    assert kinds["select"] == 4, "best against worst, the same with a further column, two labelled ones, all"


def test_what_ddo_rm_is_compared_with_shares_its_reward_model_and_draws_as_many_responses(runs: Path):
    small, models, samplers, prompts = [f"data.options.{text}" for text in SMALL], set(), set(), set()
    for name in ("ddo_rm_generated", "dpo_iterative_rm", "rloo_rm", "grpo_rm", "ppo_rm"):
        recipe = resolve(f"recipes/{name}_tiny.yaml", setting=None).recipe
        in_rounds = recipe.rounds is not None
        overrides = parse_overrides([*small, *(["rounds.prompts.per_round=4"] if in_rounds else [])])
        loaded = resolve(f"recipes/{name}_tiny.yaml", setting=None, overrides=overrides)
        stages = open_session([loaded], (42,), RunOptions("cpu", runs=runs)).plan.stages
        models |= {key for key, spec in stages.items() if spec.kind == "reward_model"}
        samplers.add(str((recipe.rounds or recipe.online).sampler))
        # one pass over the split's prompts online, as many in the rounds together
        prompts.add(recipe.rounds.count * recipe.rounds.prompts.per_round if in_rounds else 3000)
        assert in_rounds or (recipe.preference.max_steps is None and recipe.preference.num_train_epochs == 1)
    assert len(models) == len(samplers) == 1 and prompts == {3000}


@pytest.mark.parametrize("setting", ["tiny", "codec"])
def test_the_same_rows_feed_golden_against_self_training_and_its_control(setting: str):
    pair = {"tiny": ("dpo_spin", "continued_sft"), "codec": ("dpo_speechalign", "continued_sft")}[setting]
    golden, control = (dict(resolve(f"recipes/{name}_{setting}.yaml", setting=None).recipe) for name in pair)
    reference = control["preference"].reference
    assert golden["preference"].model_copy(update={"reference": reference}) == control["preference"]
    assert {key for key in golden if golden[key] != control[key]} == {"name", "description", "method", "preference"}


def test_a_recipe_says_whether_its_values_were_chosen():
    for entries in (entries for setting in SIZES for entries in recipes(setting).values()):
        for entry in entries:
            said = f"; {NOT_TUNED}." in str(entry.values["description"])
            assert said == bool(entry.values.get("untuned", False)), entry.path
            assert resolve(str(entry.path), setting=None).untuned == said
