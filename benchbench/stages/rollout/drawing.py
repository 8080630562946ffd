"""Drawing the responses of a rollout: every arm of the sampler, part by part, so that a stopped rollout goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchbench.core.generation import Engine, Generation, GenerationRequest, Sampling
from benchbench.core.rollout import DATA
from benchbench.core.sampler import HISTORY, PREVIOUS, Arm
from benchbench.core.seeding import stream
from benchbench.core.tools import ToolUse
from benchbench.data.turn_end import turn_end
from benchbench.generation.choose import choose
from benchbench.generation.control import ControlTokens
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.mixture_engine import MixtureEngine
from benchbench.generation.requests import chunks
from benchbench.generation.seeds import draw_seed
from benchbench.generation.shape import shape_of_folder
from benchbench.generation.tool_turns import ToolTurns, draw_turns
from benchbench.stages.context import StageContext
from benchbench.stages.rollout.parts import RolloutParts
from benchbench.stages.rollout.settings import POLICY, STARTS, DrawSettings, RolloutSettings
from benchbench.stages.serving import engine_settings, load_engine, servable, tool_turns
from benchbench.store.files import write_json

Context = StageContext[RolloutSettings]
BATCHES_IN_A_PART = 4
"""Batches of one part, after which a rollout can be stopped."""
ENGINE = "engine.json"
Requests = Sequence[GenerationRequest]
Answers = dict[tuple[str, int], tuple[str, Generation]]
"""(example, sample) -> the arm that drew it, and what it drew."""


@dataclass(frozen=True)
class _Draw:
    """Requests that are answered by the same models."""

    source: str
    models: Mapping[str, float]
    """Name of an input -> weight of its log-probabilities; an input that the stage has not is the base model."""
    requests: Sequence[GenerationRequest]


def drawn_answers(
    context: Context,
    arms: Sequence[Arm],
    prompts: Mapping[str, Sequence[int]],
    tokenizer: Any,
    sampling: Sampling,
    use: ToolUse | None = None,
    instructed: Mapping[str, Mapping[str, Sequence[int]]] | None = None,
) -> Answers:
    """What every arm draws; leaves engine.json.

    Args:
        context: of the stage.
        arms: of the sampler, in the order of their responses; that of the split's candidates draws nothing.
        prompts: example id -> token ids.
        tokenizer: the setting's.
        sampling: of all arms; of each turn where responses have several.
        use: how the policy calls the tool of the settings; none for responses of a single turn.
        instructed: arm -> the same prompts behind its instruction, where it has one.

    Raises:
        Interrupted: the stage was asked to stop; the parts that are written are not drawn again.
    """
    draw = context.settings.draw
    assert draw is not None, "planned with what an engine needs"
    between = turn_end(context.tokenization(), tokenizer).between
    control = ControlTokens.of(tokenizer, between, sampling.stop_token_ids)
    turns = tool_turns(context.settings.tool, 0 if use is None else use.calls, tokenizer, control.cut)
    parts = RolloutParts(context)
    work = _work(context, arms, prompts, instructed or {})
    cut = [(each, chunks(each.requests, BATCHES_IN_A_PART * draw.max_num_seqs)) for each in work]
    total, number, tokens = sum(len(pieces) for _, pieces in cut), 0, 0
    answers: Answers = {}
    for each, pieces in cut:
        with ExitStack() as stack:

            def drawing(each: _Draw = each, stack: ExitStack = stack) -> Callable[[Requests], list[Any]]:
                engine = stack.enter_context(_engine(context, each, work, tokenizer, sampling, turns))
                return lambda piece: [
                    _row(control.cut(response)) for response in draw_turns(engine, turns, piece, sampling)
                ]

            for rows in parts.made(number, pieces, drawing):
                for response in map(_generation, rows):
                    answers[response.example, response.sample] = (each.source, response)
                    tokens += response.drawn_tokens
                number += 1
                context.report({"step": number, "steps": total, "tokens": tokens})
    return answers


def _work(
    context: Context,
    arms: Sequence[Arm],
    prompts: Mapping[str, Sequence[int]],
    instructed: Mapping[str, Mapping[str, Sequence[int]]],
) -> list[_Draw]:
    """The requests of every arm by the models that answer them; each response has a seed of its own."""
    settings = context.settings
    work: list[_Draw] = []
    sample = 0
    for arm in arms:
        if arm.source == DATA:
            continue
        of_arm = instructed.get(arm.source, prompts)
        by_start: dict[int, list[str]] = {}
        for example in prompts:
            by_start.setdefault(_history(settings, arm, example), []).append(example)
        for start, examples in sorted(by_start.items()):
            requests = [
                GenerationRequest(example, number, tuple(of_arm[example]), _seed(settings, example, number))
                for example in examples
                for number in range(sample, sample + arm.samples)
            ]
            work.append(_Draw(arm.source, _models(context, arm, start), requests))
        sample += arm.samples
    return work


def _seed(settings: RolloutSettings, example: str, sample: int) -> int:
    return draw_seed(settings.seed, f"rollout r{settings.round}", example, sample)


def _history(settings: RolloutSettings, arm: Arm, example: str) -> int:
    """The round whose starting policy stands for the history in an arm, drawn for each prompt; 0 for other arms."""
    if HISTORY not in arm.mixture:
        return 0
    latest = min(arm.last, settings.round)
    return settings.round - int(stream(settings.seed, f"history r{settings.round} {example}").integers(latest))


def _models(context: Context, arm: Arm, start: int) -> dict[str, float]:
    """Input -> weight, the same weights once."""
    models: dict[str, float] = {}
    names: dict[str | None, str] = {}
    for model, weight in arm.mixture.items():
        name = input_of(model, context.settings.round, start)
        name = names.setdefault(context.spec.inputs.get(name), name)
        models[name] = models.get(name, 0.0) + weight
    return models


def input_of(model: str, number: int, start: int = 0) -> str:
    """Name of the input that leaves a model of an arm.

    Args:
        model: of `core.sampler.MODELS`.
        number: of the round.
        start: for the history, the round whose starting policy is meant.
    """
    if model == PREVIOUS:
        start = max(1, number - 1)
    elif model != HISTORY:
        return model
    return POLICY if start == number else f"{STARTS}{start}"


@contextmanager
def _engine(
    context: Context,
    draw: _Draw,
    work: Sequence[_Draw],
    tokenizer: Any,
    sampling: Sampling,
    turns: ToolTurns | None,
) -> Iterator[Engine]:
    """The engine with the models of a draw in it; one that mixes models lives as long as the draw."""
    plan = context.settings.draw
    assert plan is not None
    requests = [request for each in work for request in each.requests]
    longest = sampling.max_new_tokens if turns is None else turns.room(sampling)
    settings = engine_settings(
        context, requests, dtype=plan.dtype, batch_size=plan.max_num_seqs, max_new_tokens=longest
    )
    with ExitStack() as stack:
        folders = [(stack.enter_context(servable(context, tokenizer, name))[0], w) for name, w in draw.models.items()]
        if len(folders) > 1:
            context.engines.close()  # its model would hold memory beside those of the mixture
            mixture = MixtureEngine(settings)
            stack.callback(mixture.close)
            mixture.load_all(folders)
            engine: Engine = mixture
        else:
            engine = _single(context, plan, settings, folders[0][0], sampling)
        if context.ranks.is_first:
            write_json(context.folder / ENGINE, asdict(engine.info()) | {"sampling": asdict(sampling)})
        yield engine


def _single(context: Context, plan: DrawSettings, settings: EngineSettings, folder: Any, sampling: Sampling) -> Engine:
    shape = shape_of_folder(folder, trust_remote_code=settings.trust_remote_code)
    choice = partial(choose, plan.engine, shapes=[shape], device=settings.device, sampling=[sampling])
    return load_engine(context, choice, settings, folder, fall_back=False)[0]


def _row(response: Generation) -> dict[str, Any]:
    return {**asdict(response), "tokens": list(response.tokens), "observed": [*map(list, response.observed)]}


def _generation(row: Mapping[str, Any]) -> Generation:
    observed = tuple((start, stop) for start, stop in row.get("observed", ()))
    return Generation(**{**row, "tokens": tuple(row["tokens"]), "observed": observed})
