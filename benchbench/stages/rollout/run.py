"""Rollout: responses that the policies of a round draw to prompts of a split, as token ids, one group per prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchbench import samplers
from benchbench.core.example import Example
from benchbench.core.generation import Sampling
from benchbench.core.identity import restore
from benchbench.core.rollout import DATA, Group
from benchbench.core.sampler import Arm, Sampler
from benchbench.core.tools import ToolUse
from benchbench.data.derivation import with_text_before
from benchbench.data.prompts import answered_prompts, encode_prompts
from benchbench.data.rollout_json import group_json
from benchbench.generation.sampling import FIELDS
from benchbench.generation.stops import Stops, named_stops
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext
from benchbench.stages.rollout.drawing import ENGINE, Answers, drawn_answers
from benchbench.stages.rollout.groups import candidates_of, groups_of, round_examples
from benchbench.stages.rollout.latest import answered_anew
from benchbench.stages.rollout.searching import SearchedRollout, search_of, searched
from benchbench.stages.rollout.settings import DrawSettings, RolloutSettings, SamplerSettings
from benchbench.stages.serving import call_counts, remove_leftovers
from benchbench.store.files import json_or_none
from benchbench.store.made import made_hash, write_made
from benchbench.store.parts import remove_parts

Context = StageContext[RolloutSettings]


def run(context: Context) -> Result:
    """Draw what the sampler asks for; leaves the groups, and engine.json where an engine drew.

    Of several processes each has an engine and draws some of the parts; the first writes.
    """
    settings, where = context.settings, context.spec.title
    remove_leftovers(context)
    tokenizer = context.tokenizer()
    of_round = answered_anew(context, round_examples(settings, context.examples(), where))
    section = context.tokenization()
    answered = answered_prompts(of_round, tokenizer, section, where=where)
    examples = [example for example, _ in answered]
    prompts = {example.id: tokens for example, tokens in answered}
    too_long = {"prompts_too_long": len(of_round) - len(examples)}
    if (search := search_of(settings.sampler)) is not None:
        assert settings.draw is not None, "a search draws"
        sampling = _sampling(context, settings.draw, tokenizer)
        searches = searched(context, search, examples, prompts, tokenizer, sampling)
        return _written(context, searches.groups, searches.tokens, {**_search_counts(searches), **too_long})
    arms = arms_of(settings.sampler)
    use = tool_use_of(settings.sampler)
    answers: Answers = {}
    if settings.draw is not None:
        sampling = _sampling(context, settings.draw, tokenizer)
        behind = instructed_prompts(arms, settings.round, examples, tokenizer, section)
        answers = drawn_answers(context, arms, prompts, tokenizer, sampling, use, behind)
    data = next((arm for arm in arms if arm.source == DATA), None)
    candidates = candidates_of(examples, tokenizer, section, most=data.samples, where=where) if data is not None else {}
    masked = use is None or use.mask_observations
    groups = groups_of(settings, arms, examples, prompts, answers, candidates, tokenizer, mask_observations=masked)
    drawn = [generation for _, generation in answers.values()]
    tokens = sum(generation.drawn_tokens for generation in drawn)
    calls = {} if settings.tool is None else call_counts(settings.tool, drawn, tokenizer)
    return _written(context, groups, tokens, {**_counts(groups, tokens), **calls, **too_long})


def instructed_prompts(
    arms: Sequence[Arm], number: int, examples: Sequence[Example], tokenizer: Any, section: Any
) -> dict[str, dict[str, tuple[int, ...]]]:
    """Arm with an instruction in a round -> example id -> token ids of the prompt behind it."""
    texts = {arm.source: text for arm in arms if (text := arm.instruction(number))}
    instructed: dict[str, dict[str, tuple[int, ...]]] = {}
    for source, text in texts.items():
        behind = [replace(example, prompt=with_text_before(example.prompt, text, "user")) for example in examples]
        ids = encode_prompts(behind, tokenizer, section)
        instructed[source] = {example.id: tokens for example, tokens in zip(examples, ids, strict=True)}
    return instructed


def _search_counts(searches: SearchedRollout) -> dict[str, Any]:
    """The numbers of all that searches drew in the place of what is in their groups."""
    took = {"responses": searches.responses, "values": searches.values}
    prompts = len({group.example for group in searches.groups})
    return {**_counts(searches.groups, searches.tokens), **took, "prompts": prompts, "groups": len(searches.groups)}


def _written(context: Context, groups: Sequence[Group], tokens: int, counts: Mapping[str, Any]) -> Result:
    """The groups on disk, in the place of the parts that they were drawn in."""
    if not context.ranks.is_first:
        return Result(0, {})
    split = context.settings.data.split
    write_made(context.folder, {split: groups}, group_json)
    remove_parts(context.folder)
    facts = json_or_none(context.folder / ENGINE) or {}
    engine = {name: facts[name] for name in ("engine", "version") if name in facts}
    return Result(tokens, {**counts, **engine, "content": made_hash(context.folder, split)})


def tool_use_of(settings: SamplerSettings) -> ToolUse | None:
    """How the sampler's policy calls a tool; none for one that calls nothing."""
    sampler = samplers.get(settings.name)
    return None if sampler.tool_use is None else sampler.tool_use(_options(sampler, settings))


def _options(sampler: Sampler, settings: SamplerSettings) -> Any:
    options, faults = bind(sampler.options, restore(sampler.options, settings.options), where="rounds.sampler.options")
    assert not faults, faults
    return options


def arms_of(settings: SamplerSettings) -> tuple[Arm, ...]:
    """The sampler's arms, with one of the split's candidates behind them where the selector reads these."""
    sampler = samplers.get(settings.name)
    arms = sampler.arms(_options(sampler, settings), settings.num_samples)
    if settings.candidates is None or any(arm.source == DATA for arm in arms):
        return arms
    return (*arms, Arm(DATA, settings.candidates, {}))


def _sampling(context: Context, draw: DrawSettings, tokenizer: Any) -> Sampling:
    """How an engine draws, with the tokens that end a response as the plan found them."""
    planned = context.run.stops
    stops = named_stops(draw.stop_tokens, tokenizer) if planned is None else Stops.from_json(planned)
    if draw.stop_token_ids is not None and sorted(draw.stop_token_ids) != sorted(stops.ids):
        raise RuntimeError(f"{context.spec.key}: planned with the stop ids {draw.stop_token_ids}, found {stops.ids}")
    return Sampling(**{name: getattr(draw, name) for name in FIELDS}, stop_token_ids=stops.ids)


def _counts(groups: Sequence[Group], tokens: int) -> dict[str, Any]:
    """What was drawn, in numbers."""
    drawn = [response for group in groups for response in group.responses if response.source != DATA]
    return {
        "prompts": len(groups),
        "responses": len(drawn),
        "generated_tokens": tokens,
        "candidates": sum(len(group.responses) for group in groups) - len(drawn),
        "finish": dict(Counter(response.finish for response in drawn)),
        "words": round(sum(len(response.text.split()) for response in drawn) / len(drawn), 2) if drawn else None,
    }
