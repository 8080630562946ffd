"""What a preference stage needs to draw while it trains, as its settings name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchbench import oracles, samplers, selectors, shaping
from benchbench.batches.costs import costs_of
from benchbench.batches.microbatches import Cost
from benchbench.core.errors import BenchError
from benchbench.core.generation import GenerationRequest, Sampling
from benchbench.core.identity import restore
from benchbench.core.judge import JudgeContext
from benchbench.core.method import MISSING, Method, Need
from benchbench.core.oracle import Oracle, OracleContext, Scorer
from benchbench.core.sampler import POLICY, REFERENCE, Arm
from benchbench.data.tokenized import Tokenized
from benchbench.data.turn_end import turn_end
from benchbench.generation.control import ControlTokens
from benchbench.generation.decode import check_cache
from benchbench.generation.requests import check_requests
from benchbench.generation.sampling import FIELDS
from benchbench.generation.stops import named_stops
from benchbench.judging.questions import JudgeAsker
from benchbench.models.layout import layout_of
from benchbench.models.load import context_length
from benchbench.models.logps import unwrap
from benchbench.recipe.anchors import ANCHOR_POLICY
from benchbench.recipe.binding import bind
from benchbench.stages.context import StageContext
from benchbench.stages.fit import BatchMaker
from benchbench.stages.frozen import frozen_policy
from benchbench.stages.preference.drawing import Drawer
from benchbench.stages.preference.drawn_rows import BesideRows, OnlineRows
from benchbench.stages.preference.labelling import Chooser, Labeller, RowScorer
from benchbench.stages.preference.prompts import PolicyPrompt, read_prompts
from benchbench.stages.preference.scorers import critic_scorer, distribution_scorer, policy_scorer
from benchbench.stages.preference.settings import GUIDE, ExhibitSettings, OnlineSettings, PreferenceSettings
from benchbench.stages.preference.shaper import Shaper, TokenSignal
from benchbench.stages.preference.work import Work
from benchbench.stages.reward_model.run import load_reward_model
from benchbench.stages.serving import tool_turns
from benchbench.training.rows import FixedRows

Context = StageContext[PreferenceSettings]


def online_rows(
    context: Context,
    method: Method,
    model: Any,
    tokenizer: Any,
    make_batch: BatchMaker,
    prompts: Sequence[PolicyPrompt],
    head: Any = None,
) -> OnlineRows:
    """The source of a method that is trained on what its policy draws.

    Args:
        context: of a stage with `online` settings.
        method: that is trained.
        model: the policy, on the stage's device.
        tokenizer: the stage's own.
        make_batch: of the method.
        prompts: that are answered.
        head: that is trained beside the policy, where the method has one.

    Raises:
        BenchError: a model whose cache cannot be carried on, or a prompt that leaves no room for a response.
    """
    settings = online_of(context)
    work = _work(context, method, model, tokenizer, prompts)
    reward = method.need(Need.REWARD.name)
    fewest = 0 if reward is None or reward.option(MISSING) == "keep" else method.fewest_candidates
    chooser = Chooser(None, None, work.drawer.seed, fewest)
    if settings.selector is not None:
        selector = selectors.get(settings.selector.name)
        chooser = Chooser(selector, _options(selector, settings.selector), work.drawer.seed)
    scorer = policy_scorer(context, lambda: model, tokenizer)
    critic = critic_scorer(context, model, head, tokenizer) if method.need(Need.VALUE.name) else None
    return OnlineRows(
        work,
        prompts,
        chooser,
        scorer,
        make_batch.plain.cost,
        settings.steps_per_generation,
        settings.num_iterations,
        critic,
        _shaper(context, work, scorer, critic, tokenizer),
    )


def beside_rows(
    context: Context, method: Method, model: Any, tokenizer: Any, make_batch: BatchMaker, tokenized: Tokenized
) -> BesideRows:
    """The source of a method that is trained on the split's rows, with draws beside them; as `online_rows`."""
    settings, examples = online_of(context), tokenized.examples
    others = [] if settings.prompts is None else read_prompts(context, tokenizer, settings.prompts)
    ids = {example.id for example in examples} if settings.prompts is None else set[str]()
    by_example = {prompt.example: prompt for prompt in read_prompts(context, tokenizer) if prompt.example in ids}
    work = _work(context, method, model, tokenizer, [*by_example.values(), *others])
    rows = FixedRows(examples, costs_of(make_batch.cost, examples))
    return BesideRows(work, rows, by_example, others, make_batch.plain.cost)


def online_of(context: Context) -> OnlineSettings:
    """The settings of what is drawn, of a stage that draws."""
    assert context.settings.online is not None, "a stage that draws"
    return context.settings.online


def _work(context: Context, method: Method, model: Any, tokenizer: Any, prompts: Sequence[PolicyPrompt]) -> Work:
    settings = online_of(context)
    sampler = samplers.get(settings.sampler.name)
    arms = sampler.arms(_options(sampler, settings.sampler), settings.num_samples)
    models, oracle = {POLICY: model}, None
    if settings.oracle is not None:
        oracle = oracles.get(settings.oracle.name)
    by_oracle = oracle.models if oracle is not None else frozenset[str]()
    named = {name for arm in arms for name in arm.mixture} | by_oracle
    shaped = settings.shaping is not None and REFERENCE in shaping.get(settings.shaping.name).needs
    if REFERENCE in named or shaped or method.need(Need.REFERENCE.name) or method.need(Need.FRESH.name):
        models[REFERENCE] = frozen_policy(context, ANCHOR_POLICY)
    drawer = _drawer(context, models, arms, tokenizer)
    _check(context, drawer, prompts)
    has_answers = oracle is not None and oracle.gives != "nothing"
    labeller = _labeller(context, oracle, models, tokenizer) if oracle is not None and has_answers else None
    return Work(drawer, labeller, models.get(REFERENCE), context.ranks)


def _drawer(context: Context, models: dict[str, Any], arms: tuple[Arm, ...], tokenizer: Any) -> Drawer:
    settings = online_of(context)
    ids = settings.stop_token_ids or named_stops(settings.stop_tokens, tokenizer).ids
    values = {name: getattr(settings, name) for name in FIELDS}
    control = ControlTokens.of(tokenizer, turn_end(context.tokenization(), tokenizer).between, ids)
    sampler = samplers.get(settings.sampler.name)
    use = None if sampler.tool_use is None else sampler.tool_use(_options(sampler, settings.sampler))
    return Drawer(
        models=models,
        arms=arms,
        sampling=Sampling(**values, stop_token_ids=tuple(ids)),
        control=control,
        tokenizer=tokenizer,
        device=context.device,
        seed=context.settings.order_seed,
        bf16=context.settings.training.bf16,
        turns=tool_turns(settings.tool, 0 if use is None else use.calls, tokenizer, control.cut),
    )


def _check(context: Context, drawer: Drawer, prompts: Sequence[PolicyPrompt]) -> None:
    """Return only if every model that draws can, and every prompt leaves room."""
    _check_lengths(context, drawer.longest, prompts)
    longest = replace(drawer.sampling, max_new_tokens=drawer.longest)
    for model in {id(drawer.models[name]): drawer.models[name] for arm in drawer.arms for name in arm.mixture}.values():
        plain, was_training = unwrap(model), model.training
        model.eval()
        limit = context_length(plain)
        with torch.no_grad():
            check_cache(plain, device=context.device, context=limit)
        model.train(was_training)
        requests = [GenerationRequest(prompt.example, 0, prompt.tokens, 0) for prompt in prompts]
        check_requests(requests, longest, limit=limit, vocab=plain.config.get_text_config().vocab_size)


def _check_lengths(context: Context, longest: int, prompts: Sequence[PolicyPrompt]) -> None:
    """Return only if no drawn row can be longer than the recipe's rows may be, since none is ever cut."""
    most = context.tokenization().max_length
    if too_long := [prompt for prompt in prompts if len(prompt.tokens) + longest > most]:
        first = max(too_long, key=lambda prompt: len(prompt.tokens))
        raise BenchError(
            f"{context.spec.title}: expected prompts of at most {most - longest} tokens, which with responses of "
            f"{longest} make max_length {most}; found {len(too_long)} longer ones, such as example {first.example} of "
            f"{len(first.tokens)}; raise tokenization.max_length, set tokenization.max_prompt_length, or lower "
            "online.sampler.max_new_tokens"
        )


def _labeller(context: Context, oracle: Oracle, models: dict[str, Any], tokenizer: Any) -> Labeller:
    settings = online_of(context)
    assert settings.oracle is not None
    folder = Path(context.run.folder)
    values = context.run.oracle_options or restore(oracle.options, settings.oracle.options)
    options, faults = bind(oracle.options, values, where="online.oracle.options")
    assert not faults, faults
    present = dict(oracle.identity(options, folder))
    if present != settings.oracle.pins:
        raise BenchError(
            f"{context.spec.title}: online.oracle: expected what it was when this run was planned "
            f"({settings.oracle.pins}), found {present}; run the command again, or put the old one back"
        )
    judge = JudgeContext(
        folder=folder,
        device=str(context.device),
        report=lambda line: context.report({"message": line}),
        pins=present,
        root=context.root,
    )
    scorers = {name: _scorer(context, name, models, tokenizer) for name in sorted(oracle.models)}
    encode = partial(tokenizer.encode, add_special_tokens=False)
    to_oracle = OracleContext(judge=judge, models=scorers, ask=JudgeAsker(context.root, judge), encode=encode)
    return Labeller(oracle, options, to_oracle, context.settings.order_seed)


def _scorer(context: Context, name: str, models: dict[str, Any], tokenizer: Any) -> Scorer:
    if name != "reward_model":
        return policy_scorer(context, lambda: models[name], tokenizer)
    model = load_reward_model(context, "reward_model").to(context.device).eval()
    cost = Cost(packed=layout_of(unwrap(model.backbone)).packed, whole=True)
    return RowScorer(model, cost, tokenizer.pad_token_id, context.device, bf16=False, per_token=False)


def _shaper(context: Context, work: Work, scorer: RowScorer, critic: RowScorer | None, tokenizer: Any) -> Shaper | None:
    """The shaping of the settings with the models that it reads, which are loaded here."""
    settings = online_of(context).shaping
    if settings is None:
        return None
    exhibit = shaping.get(settings.name)
    signals: dict[str, Callable[[], TokenSignal | None]] = {
        POLICY: lambda: scorer,
        REFERENCE: lambda: policy_scorer(context, lambda: work.reference, tokenizer),
        GUIDE: lambda: _frozen_scorer(context, frozen_policy(context, GUIDE), tokenizer),
        "values": lambda: critic,
        "distributions": lambda: distribution_scorer(context, work.drawer.models[POLICY], tokenizer),
    }
    of_tokens = {name: signals[name]() for name in sorted(exhibit.needs & signals.keys())}
    return Shaper(exhibit, _options(exhibit, settings), {k: v for k, v in of_tokens.items() if v is not None})


def _frozen_scorer(context: Context, model: Any, tokenizer: Any) -> TokenSignal:
    return policy_scorer(context, lambda: model, tokenizer)


def _options(exhibit: Any, settings: ExhibitSettings) -> Any:
    options, faults = bind(exhibit.options, restore(exhibit.options, settings.options), where=f"online {exhibit.name}")
    assert not faults, faults
    return options
