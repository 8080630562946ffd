"""Recipes and seeds to a graph of stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchbench import methods
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.judge_stages import with_verdicts
from benchbench.plan.model_columns import trains_rewards
from benchbench.plan.prepared import Prepared
from benchbench.plan.prompt_sets import PreparedPrompts
from benchbench.plan.prompt_stages import put_prompts
from benchbench.plan.roles import Roles
from benchbench.plan.rounds import evaluated, unrolled
from benchbench.plan.starts import earlier_training
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import REWARD_MODEL, SFT


def build_plan(
    items: Iterable[tuple[Loaded, Prepared, Sequence[int]]],
    *,
    score_split: str | None = None,
    baseline: str | None = None,
    with_samples: bool = False,
    prompts: PreparedPrompts | None = None,
    device: Callable[[], str] = lambda: "cpu",
) -> Plan:
    """The graph for several recipes with their seeds.

    Args:
        items: recipe, what it reads, seeds.
        score_split: score another split than the recipes name, such as validation.
        baseline: label that the others' responses are judged against; none where there is nothing to compare.
        with_samples: draw and judge responses where a recipe has them drawn.
        prompts: that are answered instead of the recipes' own split.
        device: gives `cpu`, `cuda` or `cuda:N`; called only where an engine is chosen for rollouts.

    Raises:
        BenchError: prompts that the recipes cannot answer or judge.
    """
    items = list(items)
    with_rewards = any(_trains_on_rewards(loaded) for loaded, _, _ in items)
    plan = Plan()
    for loaded, prepared, seeds in items:
        for seed in seeds:
            split = score_split or loaded.recipe.score.split
            roles = Roles(plan, loaded, prepared, seed, split, device=device)
            plan.cells.append(_cell(roles, with_rewards=with_rewards, with_samples=with_samples))
    if prompts is not None:
        put_prompts(plan, prompts)
    plan.cells = [with_verdicts(plan, cell, baseline) for cell in plan.cells]
    return plan


def _cell(roles: Roles, *, with_rewards: bool, with_samples: bool) -> Cell:
    """The roles that make up a cell, in the order in which tables and progress show them."""
    if roles.recipe.is_reward_model:
        return _reward_cell(roles)
    start, is_sft = roles.sft(), roles.recipe.method.name == SFT
    rounds = () if roles.recipe.rounds is None or is_sft else unrolled(roles)
    rounds = evaluated(roles, rounds, with_samples=with_samples)
    policy = start if is_sft else rounds[-1].policy if rounds else roles.preference()
    reference = roles.score(start, roles.recipe.start)
    rewarded = with_rewards and roles.recipe.reward_model is not None
    return Cell(
        loaded=roles.loaded,
        seed=roles.seed,
        policy=policy,
        score=reference if is_sft else roles.score(policy, roles.loaded.label),
        reference=reference,
        reward=roles.reward(roles.score_split) if rewarded else None,
        data=roles.prepared.data_key,
        generate=roles.generate(policy) if with_samples else None,
        rounds=rounds,
        earlier=earlier_training(roles),
    )


def _reward_cell(roles: Roles) -> Cell:
    """A reward model alone; what is said of the responses beside it comes with the score of the SFT policy."""
    reference = roles.score(roles.sft(), roles.recipe.start)
    return Cell(
        loaded=roles.loaded,
        seed=roles.seed,
        policy=None,
        score=reference,
        reference=reference,
        reward=roles.reward(roles.score_split),
        data=roles.prepared.data_key,
    )


def _trains_on_rewards(loaded: Loaded) -> bool:
    """Whether a method of the recipe takes its rewards from a reward model of ours."""
    preference = loaded.recipe.preference
    if preference is None or loaded.recipe.method.name in (SFT, REWARD_MODEL):
        return False
    is_read = methods.get(loaded.recipe.method.name).need("reward") is not None and preference.reward.source == "stage"
    return is_read or trains_rewards(preference)
