"""A rollout by search: groups of siblings, or of whole paths, part by part, so that a stopped rollout goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchbench import samplers, sources
from benchbench.core.example import Example
from benchbench.core.generation import Engine, Sampling
from benchbench.core.identity import restore
from benchbench.core.rollout import Group
from benchbench.core.sampler import POLICY
from benchbench.core.search import SearchPrompt, SearchResult, StepSearch
from benchbench.data.rollout_json import group_json, group_of
from benchbench.data.turn_end import turn_end
from benchbench.generation.choose import choose
from benchbench.generation.control import ControlTokens
from benchbench.generation.shape import shape_of_folder
from benchbench.generation.stops import separator_ids
from benchbench.models import load
from benchbench.recipe.binding import bind
from benchbench.stages.context import StageContext
from benchbench.stages.rollout.drawing import BATCHES_IN_A_PART, ENGINE
from benchbench.stages.rollout.parts import RolloutParts
from benchbench.stages.rollout.settings import RolloutSettings, SamplerSettings
from benchbench.stages.rollout.steps import StepDrawer, StepEnds, StepScorer
from benchbench.stages.serving import engine_settings, load_engine, servable
from benchbench.store.files import write_json
from benchbench.trees.driver import searched_together

Context = StageContext[RolloutSettings]


@dataclass(frozen=True)
class SearchedRollout:
    """What the searches of all prompts found, and what they took."""

    groups: Sequence[Group]
    responses: int
    """Continuations that were drawn, on a path or not, those that are alike counted as often as they were drawn."""
    tokens: int
    """Of these, without those that ended a step."""
    values: int
    """Prefixes whose worth was asked for."""


def search_of(settings: SamplerSettings) -> StepSearch | None:
    """How the sampler searches; none for one that draws whole responses."""
    sampler = samplers.get(settings.name)
    if sampler.search is None:
        return None
    options, faults = bind(sampler.options, restore(sampler.options, settings.options), where="rounds.sampler.options")
    assert not faults, faults
    return sampler.search(options)


def searched(
    context: Context,
    search: StepSearch,
    examples: Sequence[Example],
    prompts: Mapping[str, Sequence[int]],
    tokenizer: Any,
    sampling: Sampling,
) -> SearchedRollout:
    """What a search finds for each example, in their order; leaves engine.json.

    Args:
        context: of the stage.
        search: of the sampler.
        examples: of the round.
        prompts: example id -> token ids.
        tokenizer: the setting's.
        sampling: of whole responses; its `max_new_tokens` is that of a step.

    Raises:
        Interrupted: the stage was asked to stop; the parts that are written are not searched again.
    """
    draw = context.settings.draw
    assert draw is not None, "planned with what an engine needs"
    size = max(1, BATCHES_IN_A_PART * draw.max_num_seqs // context.settings.sampler.num_samples)
    every = [_prompt(context.settings, example, prompts) for example in examples]
    cut = [every[start : start + size] for start in range(0, len(every), size)]
    lines: list[Any] = []
    with _opened(context, search, every, tokenizer, sampling) as drawer:

        def searching() -> Callable[[Sequence[SearchPrompt]], list[Any]]:
            drawer()  # in every process now, since all of them load an engine together
            return lambda piece: _searched(search, piece, drawer())

        for number, rows in enumerate(RolloutParts(context).made(0, cut, searching)):
            lines += rows
            tokens = sum(line["tokens"] for line in lines)
            context.report({"step": number + 1, "steps": len(cut), "tokens": tokens})
    groups = [group_of(group) for line in lines for group in line["groups"]]
    totals = (sum(line[name] for line in lines) for name in ("responses", "tokens", "values"))
    return SearchedRollout(groups, *totals)


def _prompt(settings: RolloutSettings, example: Example, prompts: Mapping[str, Sequence[int]]) -> SearchPrompt:
    columns = {name: value for name, value in example.columns.items() if not isinstance(value, tuple)}
    return SearchPrompt(example.id, settings.round, tuple(prompts[example.id]), example.prompt, columns)


def _searched(search: StepSearch, prompts: Sequence[SearchPrompt], drawer: StepDrawer) -> list[dict[str, Any]]:
    """One line for each prompt: its groups, and what its search took."""
    results = searched_together(
        [search.start() for _ in prompts],
        lambda wanted: drawer.children([(prompts[place], expansion) for place, expansion in wanted]),
    )
    return [
        {
            "groups": [group_json(group) for group in groups_of_search(search, prompt, result)],
            "responses": drawer.drawn[prompt.example],
            "tokens": drawer.tokens[prompt.example],
            "values": result.valued,
        }
        for prompt, result in zip(prompts, results, strict=True)
    ]


def groups_of_search(search: StepSearch, prompt: SearchPrompt, result: SearchResult) -> list[Group]:
    """The siblings of each step, or all paths; the first group's labels count all values that were asked for."""
    if search.groups == "paths":
        groups = [result.paths(prompt)]
    else:
        groups = [siblings.group(prompt) for siblings in result.siblings]
    first = groups[0]
    assert first.search_labels is not None, "a search labels what it finds"
    return [replace(first, search_labels=replace(first.search_labels, answers=result.valued)), *groups[1:]]


@contextmanager
def _opened(
    context: Context, search: StepSearch, prompts: Sequence[SearchPrompt], tokenizer: Any, sampling: Sampling
) -> Iterator[Any]:
    """What gives a drawer of no counts; engine and policy are loaded when it is first asked for."""
    with servable(context, tokenizer, POLICY) as (folder, _):
        loaded: list[StepDrawer] = []

        def drawer() -> StepDrawer:
            if not loaded:
                loaded.append(_drawer(context, search, prompts, folder, tokenizer, sampling))
            return replace(loaded[0], drawn={}, tokens={})

        yield drawer


def _drawer(
    context: Context,
    search: StepSearch,
    prompts: Sequence[SearchPrompt],
    folder: Path,
    tokenizer: Any,
    sampling: Sampling,
) -> StepDrawer:
    settings = context.settings
    assert settings.steps is not None and settings.draw is not None, "planned with a world that values steps"
    values = sources.get(settings.steps.source).steps
    assert values is not None, "checked with the recipe"
    separators = separator_ids(tokenizer, values.separator)
    of_step = replace(sampling, stop_token_ids=tuple(sorted({*sampling.stop_token_ids, *separators})))
    between = turn_end(context.tokenization(), tokenizer).between
    return StepDrawer(
        engine=_engine(context, search, prompts, folder, of_step),
        sampling=of_step,
        samples=settings.sampler.num_samples,
        ends=StepEnds(separators - {*sampling.stop_token_ids}, frozenset(sampling.stop_token_ids)),
        cut=ControlTokens.of(tokenizer, between, of_step.stop_token_ids).cut,
        values=values,
        source=POLICY,
        seed=settings.seed,
        tokenizer=tokenizer,
        logps=_scorer(context, folder, tokenizer) if search.reads_logps else None,
    )


def _engine(
    context: Context, search: StepSearch, prompts: Sequence[SearchPrompt], folder: Path, sampling: Sampling
) -> Engine:
    """The engine with the policy in it, sized for the longest prompt with all of its steps."""
    draw = context.settings.draw
    assert draw is not None, "planned with what an engine needs"
    settings = engine_settings(
        context, (), dtype=draw.dtype, batch_size=draw.max_num_seqs, max_new_tokens=sampling.max_new_tokens
    )
    longest = max((len(prompt.tokens) for prompt in prompts), default=0)
    settings = replace(settings, expected_tokens=longest + search.depth * (sampling.max_new_tokens + 1))
    shape = shape_of_folder(folder, trust_remote_code=settings.trust_remote_code)
    choice = partial(choose, draw.engine, shapes=[shape], device=settings.device, sampling=[sampling])
    engine, _ = load_engine(context, choice, settings, folder, fall_back=False)
    if context.ranks.is_first:
        write_json(context.folder / ENGINE, asdict(engine.info()) | {"sampling": asdict(sampling)})
    return engine


def _scorer(context: Context, folder: Path, tokenizer: Any) -> StepScorer:
    model = load.load_trained(folder, context.model_spec(), trainable=False).to(context.device).eval()
    batch = context.settings.draw.max_num_seqs if context.settings.draw is not None else 1
    return StepScorer(model, context.device, tokenizer.pad_token_id, batch)
