"""What the section `online` adds to a preference stage: its settings, and the models that it has in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchbench import oracles, samplers, selectors, shaping
from benchbench.core.identity import identity, plain
from benchbench.core.method import Method, Need
from benchbench.core.oracle import Oracle
from benchbench.core.rollout import DATA
from benchbench.core.sampler import REFERENCE
from benchbench.plan import reward_stages
from benchbench.plan.anchors import recipe_policy
from benchbench.plan.stage_parts import tool_settings
from benchbench.plan.stopping import stopping
from benchbench.recipe.anchors import AnchorSource, anchor_input
from benchbench.recipe.online import OnlineSection, PromptSplit, draws_rows
from benchbench.recipe.rounds import SAMPLING, SamplerSection
from benchbench.stages.preference.settings import GUIDE, ExhibitSettings, OnlineSettings

if TYPE_CHECKING:
    from benchbench.plan.roles import Roles


def online_settings(roles: Roles, method: Method) -> OnlineSettings | None:
    """The settings of what is drawn in training; none where nothing is."""
    section = roles.recipe.online
    if section is None:
        return None
    ids, _ = stopping(roles.loaded, roles.prepared)
    generate = roles.recipe.generate
    return OnlineSettings(
        draws_rows=draws_rows(section, method),
        prompts=_prompts(roles, section, method),
        sampler=_exhibit(roles, samplers.get(section.sampler.name), "sampler"),
        **{name: getattr(section.sampler, name) for name in SAMPLING},
        tool=tool_settings(roles.recipe) if samplers.get(section.sampler.name).tool_use is not None else None,
        stop_tokens=() if generate is None else generate.stop_tokens,
        stop_token_ids=ids,
        oracle=None if section.oracle is None else _oracle(roles, oracles.get(section.oracle.name)),
        selector=None
        if section.selector is None
        else _exhibit(roles, selectors.get(section.selector.name), "selector"),
        shaping=None if section.shaping is None else _exhibit(roles, shaping.get(section.shaping.name), "shaping"),
        steps_per_generation=section.steps_per_generation,
        num_iterations=section.num_iterations,
    )


def online_inputs(roles: Roles, method: Method) -> dict[str, str]:
    """Input name -> key of each stage whose model the preference stage has in memory for what it draws."""
    section = roles.recipe.online
    if section is None:
        return {}
    read = read_models(section, method, roles.loaded.bound["online.sampler.options"])
    needed: dict[str, str] = {}
    if REFERENCE in read:
        needed |= anchor_input(roles)
    if "reward_model" in read:
        needed["reward_model"] = reward_stages.reward_model(replace(roles, made={}))
    if roles.recipe.guide is not None:
        guide = recipe_policy(roles, AnchorSource(recipe=roles.recipe.guide))
        needed |= {} if guide is None else {GUIDE: guide}
    return needed


def read_models(section: OnlineSection, method: Method, options: Any) -> frozenset[str]:
    """Models that are read of draws: by the method, by the sampler, by the oracle, by the shaping.

    Args:
        section: of the recipe.
        method: of the recipe.
        options: the sampler's, bound.
    """
    by_oracle = oracles.get(section.oracle.name).models if section.oracle is not None else frozenset[str]()
    by_method = {REFERENCE} if method.need(Need.REFERENCE.name) or method.need(Need.FRESH.name) else set[str]()
    shaped = section.shaping is not None and REFERENCE in shaping.get(section.shaping.name).needs
    by_shaping = {REFERENCE} if shaped else set[str]()
    return frozenset({*by_oracle, *by_method, *by_shaping, *drawing_models(section.sampler, options)})


def drawing_models(section: SamplerSection, options: Any) -> frozenset[str]:
    """Models that a sampler draws from; `data` where it takes the split's own candidates."""
    assert section.num_samples is not None, "checked with the recipe"
    arms = samplers.get(section.name).arms(options, section.num_samples)
    return frozenset(name for arm in arms for name in (arm.mixture or (DATA,)))


def oracle_options(roles: Roles) -> dict[str, Any] | None:
    """Every option of the oracle, for the stage to work with; none where there is no oracle."""
    options = roles.loaded.bound.get("online.oracle.options")
    return None if options is None else plain(options)


def _prompts(roles: Roles, section: OnlineSection, method: Method) -> Any:
    if isinstance(section.prompts, PromptSplit) and not draws_rows(section, method):
        return roles.data(section.prompts.split)
    return None


def _exhibit(roles: Roles, exhibit: Any, part: str) -> ExhibitSettings:
    options = identity(roles.loaded.bound[f"online.{part}.options"])
    return ExhibitSettings(name=exhibit.name, version=exhibit.version, options=options)


def _oracle(roles: Roles, oracle: Oracle) -> ExhibitSettings:
    options = roles.loaded.bound["online.oracle.options"]
    moving: Mapping[str, Any] = {k: v for k, v in identity(options).items() if k not in oracle.handling}
    pins = dict(oracle.identity(options, roles.loaded.folders.online_oracle))
    return ExhibitSettings(name=oracle.name, version=oracle.version, options=dict(moving), pins=pins)
