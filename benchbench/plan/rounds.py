"""Rounds in the graph: rollout, labels, selection and training, unrolled one after another when a plan is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench import oracles, samplers, selectors, sources
from benchbench.core.generation import Sampling
from benchbench.core.identity import identity, plain
from benchbench.core.rollout import DATA
from benchbench.core.sampler import HISTORY, POLICY, PREVIOUS, REFERENCE, Arm
from benchbench.generation.sampling import FIELDS
from benchbench.plan.engines import rollout_engine
from benchbench.plan.graph import RoundKeys
from benchbench.plan.redraws import earlier_answers, lowest_count, replays
from benchbench.plan.stage_parts import RoundFit, RoundPlace, tool_settings
from benchbench.plan.stopping import stopping
from benchbench.recipe.memory import scoring_memory
from benchbench.recipe.rounds import RoundsSection
from benchbench.recipe.section import values_of
from benchbench.stages.generate.settings import GenerateRun
from benchbench.stages.label.settings import LabelRun, LabelSettings, OracleSettings
from benchbench.stages.rollout.settings import (
    STARTS,
    DrawSettings,
    PromptRangeSettings,
    RolloutSettings,
    SamplerSettings,
    StepValueSettings,
)
from benchbench.stages.select.settings import SelectorSettings, SelectSettings
from benchbench.stages.settings import ReadingRun

if TYPE_CHECKING:
    from benchbench.plan.roles import Roles

SAMPLER_OPTIONS, ORACLE_OPTIONS, SELECTOR_OPTIONS = (
    f"rounds.{part}.options" for part in ("sampler", "oracle", "selector")
)
"""Keys under which a recipe's options are bound."""


def trained_policy(roles: Roles) -> str:
    """Key of the policy that a recipe trains with a method: the last round's, where it has rounds."""
    return roles.preference() if roles.recipe.rounds is None else unrolled(roles)[-1].policy


def unrolled(roles: Roles) -> tuple[RoundKeys, ...]:
    """The rounds of a recipe that has them, in order; held-out stages of single rounds are not among them."""
    section = section_of(roles)
    starts: list[str | None] = [roles.first_policy()]
    auxiliary, reference = starts[0], _reference(roles)
    rounds: list[RoundKeys] = []
    for number in range(1, section.count + 1):
        place = RoundPlace(number, tuple(starts), reference)
        at = replace(roles, round=place)
        rollout, label, select = _rows(replace(at, made={}), rounds)
        at = replace(at, made={**roles.made, section.prompts.split: select})
        if section.fits == 2:
            first = replace(place, fit=RoundFit(1, start=auxiliary, fallback=auxiliary))
            auxiliary = replace(at, round=first).preference()
            at = replace(at, round=replace(place, fit=RoundFit(2, start=auxiliary, fallback=starts[-1])))
        policy = at.preference()
        rounds.append(
            RoundKeys(number, rollout, label, select, policy, auxiliary=auxiliary if section.fits == 2 else None)
        )
        starts.append(policy)
    return tuple(rounds)


def _reference(roles: Roles) -> str | None:
    """The policy that samplers and oracles call the reference: where the first round starts, or what the loss has."""
    section = roles.recipe.preference
    if section is None or section.init_from is None or section.reference not in ("sft", "base"):
        return roles.first_policy()
    return roles.sft() if section.reference == "sft" else None


def drawn_rows(roles: Roles, policy: str | None) -> str:
    """Key of the rows of the first round of a recipe that has rounds, whatever is trained on them.

    Args:
        roles: of the recipe.
        policy: key of the policy that the round starts from; none is the base model as it is.
    """
    return _rows(replace(roles, made={}, round=RoundPlace(1, (policy,), policy)), [])[-1]


def _rows(roles: Roles, before: list[RoundKeys]) -> tuple[str, str | None, str]:
    """Keys of the rollout of a round, of its labels and of its rows."""
    rollout = _rollout(roles, before)
    is_labelled = oracles.get(section_of(roles).oracle.name).gives != "nothing"
    label = _label(roles, rollout) if is_labelled else None
    return rollout, label, _select(roles, rollout, label, before)


def evaluated(roles: Roles, rounds: tuple[RoundKeys, ...], *, with_samples: bool) -> tuple[RoundKeys, ...]:
    """The rounds, each with the held-out stages of its policy where the recipe wants those of each.

    Args:
        roles: of the recipe.
        rounds: as `unrolled` gives them.
        with_samples: whether policies answer held-out prompts, which are judged against the first policy's answers.
    """
    if not rounds or section_of(roles).evaluate == "last":
        return rounds
    opponent = roles.generate(roles.sft()) if with_samples and roles.recipe.judge is not None else None
    return tuple(
        replace(
            each,
            score=roles.score(each.policy, f"{roles.loaded.label} round {each.number}"),
            generate=roles.generate(each.policy, f"{roles.loaded.label} round {each.number}") if with_samples else None,
            opponent=opponent,
        )
        for each in rounds
    )


def section_of(roles: Roles) -> RoundsSection:
    """The recipe's section of rounds."""
    section = roles.recipe.rounds
    assert section is not None, "asked of a recipe with rounds"
    return section


def arms_of(roles: Roles) -> tuple[Arm, ...]:
    """What the recipe's sampler draws, by arms; the options are bound with the recipe."""
    section = section_of(roles).sampler
    return samplers.get(section.name).arms(roles.loaded.bound[SAMPLER_OPTIONS], section.num_samples or 0)


def _place(roles: Roles) -> RoundPlace:
    assert roles.round is not None, "asked within a round"
    return roles.round


def _rollout(roles: Roles, before: list[RoundKeys]) -> str:
    """The responses of the round."""
    section, place = section_of(roles), _place(roles)
    sampler = samplers.get(section.sampler.name)
    arms = arms_of(roles)
    selector, options = selectors.get(section.selector.name), roles.loaded.bound[SELECTOR_OPTIONS]
    beside = selector.needs_data(options) and not any(arm.source == DATA for arm in arms)
    ids, stops = stopping(roles.loaded, roles.prepared)
    settings = RolloutSettings(
        **roles.reading(section.prompts.split, roles.recipe.tokenization),
        round=place.number,
        prompts=_prompts(section, place.number),
        sampler=SamplerSettings(
            name=sampler.name,
            version=sampler.version,
            options=identity(roles.loaded.bound[SAMPLER_OPTIONS]),
            num_samples=section.sampler.num_samples or 0,
            candidates=selector.split_taken(options) if beside else None,
        ),
        draw=_draw(roles, arms, ids),
        seed=roles.order_seed,
        base_seed=_base_seed(roles, _models(roles, arms).values()),
        steps=None if sampler.search is None else _steps(roles),
        tool=None if sampler.tool_use is None else tool_settings(roles.recipe),
    )
    read = {name: key for name, key in _models(roles, arms).items() if key is not None}
    read |= earlier_answers(section, before)
    run = GenerateRun(**values_of(roles.reading_run(), ReadingRun), stops=stops)
    title = f"rollout {roles.where} of {roles.loaded.label} on {section.prompts.split}"
    return roles.add("rollout", title, settings, read, run)


def _steps(roles: Roles) -> StepValueSettings:
    """Who values steps; checked with the recipe."""
    source = sources.get(roles.recipe.data.source)
    assert source.steps is not None, "checked with the recipe"
    return StepValueSettings(source=source.name, version=source.steps.version)


def _prompts(section: RoundsSection, number: int) -> PromptRangeSettings:
    count = section.prompts.per_round
    first = (number - 1) * count if section.prompts.order == "disjoint" else 0
    redrawn = section.prompts.order == "redrawn"
    return PromptRangeSettings(first=first, count=count, redrawn=redrawn, lowest=lowest_count(section, number))


def _draw(roles: Roles, arms: tuple[Arm, ...], stop_ids: tuple[int, ...] | None) -> DrawSettings | None:
    if all(arm.source == DATA for arm in arms):
        return None
    sampler, generate = section_of(roles).sampler, roles.recipe.generate
    assert generate is not None, "checked with the recipe"
    fields: dict[str, Any] = {name: getattr(sampler, name) for name in FIELDS}
    sampling = Sampling(**fields, stop_token_ids=(0,))  # which tokens stop is no question of the engine's
    mixes = any(len(arm.mixture) > 1 for arm in arms)
    return DrawSettings(
        engine=rollout_engine(roles.loaded, roles.prepared, sampling, roles.device, mixes=mixes),
        dtype=generate.dtype,
        max_num_seqs=generate.max_num_seqs,
        **fields,
        stop_token_ids=stop_ids,
        stop_tokens=generate.stop_tokens,
    )


def _models(roles: Roles, arms: tuple[Arm, ...]) -> dict[str, str | None]:
    """Input of the rollout -> key of the policy that an arm draws from; none is the base model as it is."""
    place = _place(roles)
    models: dict[str, str | None] = {}
    for arm in arms:
        for model in arm.mixture:
            models |= dict(_inputs(model, arm, place))
    return models


def _inputs(model: str, arm: Arm, place: RoundPlace) -> Iterator[tuple[str, str | None]]:
    """The inputs that a model of an arm may be in this round, as `stages.rollout.drawing.input_of` names them."""
    if model == REFERENCE:
        yield REFERENCE, place.reference
        return
    latest = {POLICY: 1, PREVIOUS: 2, HISTORY: arm.last}[model]
    numbers = range(max(1, place.number - latest + 1), place.number + 1)
    if model == PREVIOUS:
        numbers = numbers[:1]
    for number in numbers:
        yield POLICY if number == place.number else f"{STARTS}{number}", place.starts[number - 1]


def _base_seed(roles: Roles, policies: Any) -> int | None:
    """The seed of base models that are drawn, where one of the policies is the base model as it is."""
    return roles.base_seed(None) if any(policy is None for policy in policies) else None


def _label(roles: Roles, rollout: str) -> str:
    """What the oracle says of a rollout."""
    section, place = section_of(roles), _place(roles)
    oracle, options = oracles.get(section.oracle.name), roles.loaded.bound[ORACLE_OPTIONS]
    moving = {name: value for name, value in identity(options).items() if name not in oracle.handling}
    pins = dict(oracle.identity(options, roles.loaded.folders.oracle))
    policies: dict[str, str | None] = {
        "policy": place.starts[-1],
        "reference": place.reference,
        "previous": place.before,
    }
    wanted = {*oracle.models, *(["policy"] if oracle.writes else [])}
    policies = {name: key for name, key in policies.items() if name in wanted}
    read: dict[str, str] = {name: key for name, key in policies.items() if key is not None}
    if "reward_model" in oracle.models:
        read["reward_model"] = replace(roles, round=None).reward_model()
    ids, stops = stopping(roles.loaded, roles.prepared) if oracle.writes else (None, None)
    settings = LabelSettings(
        **roles.reading(section.prompts.split, roles.recipe.tokenization),
        round=place.number,
        oracle=OracleSettings(name=oracle.name, version=oracle.version, options=moving, pins=pins),
        seed=roles.order_seed if oracle.random or oracle.writes else None,
        base_seed=_base_seed(roles, policies.values()),
        stop_token_ids=ids,
        **_scoring_memory(roles, dropout=oracle.dropout is not None),
    )
    paths: Mapping[str, Any] = values_of(roles.reading_run(), ReadingRun)
    run = LabelRun(**paths, folder=str(Path(roles.loaded.folders.oracle)), options=plain(options), stops=stops)
    title = f"labels {roles.where} by {oracle.name}"
    return roles.add("label", title, settings, {"rollout": rollout} | read, run)


def _scoring_memory(roles: Roles, *, dropout: bool) -> dict[str, Any]:
    rewards = roles.recipe.reward_model
    precisions = (roles.recipe.model.dtype, *(() if rewards is None else (rewards.head_dtype,)))
    return scoring_memory(roles.recipe, *precisions, dropout=dropout)


def _select(roles: Roles, rollout: str, label: str | None, before: list[RoundKeys]) -> str:
    """The training rows of the round."""
    section, place = section_of(roles), _place(roles)
    selector = selectors.get(section.selector.name)
    settings = SelectSettings(
        data=roles.data(section.prompts.split),
        round=place.number,
        selector=SelectorSettings(
            name=selector.name,
            version=selector.version,
            options=identity(roles.loaded.bound[SELECTOR_OPTIONS]),
            columns=section.selector.columns,
        ),
        seed=roles.order_seed if selector.random else None,
        on_empty=section.on_empty,
        keeps_latest=lowest_count(section, place.number) is not None,
    )
    labels = {} if label is None else {"label": label}
    title = f"rows {roles.where} by {selector.name}"
    return roles.add_made("select", title, settings, {"rollout": rollout, **labels, **replays(section, before)})
