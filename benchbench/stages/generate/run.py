"""Generating: a policy's own responses to the prompts of a split, one row each, with what drew them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchbench.core.example import Example
from benchbench.core.generation import Engine, Generation, GenerationRequest, Sampling
from benchbench.data.prompts import encode_prompts, first_prompts
from benchbench.data.tokenized import TokenizedExample, drawn_candidate
from benchbench.data.turn_end import spelled, turn_end
from benchbench.generation.canary import run_canary
from benchbench.generation.choose import EngineChoice, choose
from benchbench.generation.control import ControlTokens, cut_counts
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.requests import chunks
from benchbench.generation.sampling import sampling_of
from benchbench.generation.seeds import make_requests
from benchbench.generation.shape import shape_of_folder
from benchbench.generation.stops import Stops, named_stops
from benchbench.generation.tool_turns import ToolTurns, draw_turns
from benchbench.models import load
from benchbench.models.logps import policy_layout, token_logps
from benchbench.stages.context import Result, StageContext
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.generate.turns import with_first_responses
from benchbench.stages.scoring import score_examples
from benchbench.stages.serving import (
    call_counts,
    engine_settings,
    load_engine,
    remove_leftovers,
    servable,
    tool_turns,
)
from benchbench.store.generations import write_generations

Context = StageContext[GenerateSettings]

BATCHES_AT_A_TIME = 4
"""Batches between two looks at whether to stop."""
CUT = "cut"
"""In engine.json: how many responses were cut at a control token or an id without a token."""


def run(context: Context) -> Result:
    """Draw the responses; leaves generations.jsonl and engine.json.

    Of several processes each has an engine and draws its parts of the requests; everything else is the first's.
    """
    section = context.settings.generate
    remove_leftovers(context)
    tokenizer = context.tokenizer()
    examples = with_first_responses(context, first_prompts(context.examples(), section.num_prompts))
    requests, stops = _requests(context, examples, tokenizer), _stops(context, tokenizer)
    sampling = sampling_of(section, stops.ids)
    control = ControlTokens.of(tokenizer, turn_end(context.tokenization(), tokenizer).between, stops.ids)
    turns = tool_turns(context.settings.tool, section.tool_calls, tokenizer, control.cut)
    with servable(context, tokenizer) as (folder, merged):
        settings = engine_settings(
            context,
            requests,
            dtype=section.dtype,
            batch_size=section.max_num_seqs,
            max_new_tokens=sampling.max_new_tokens if turns is None else turns.room(sampling),
        )
        choose = partial(_choice, context, folder, settings, sampling)
        engine, choice = load_engine(context, choose, settings, folder, fall_back=section.engine == "auto")
        context.report({"message": choice.reason, "once": True})
        raw = _draw(context, engine, requests, sampling, turns)
        if not context.ranks.is_first:
            return Result(0, {})
        canary = asdict(run_canary(engine, requests, sampling if turns is None else turns.of_turn(sampling)))
        info = asdict(engine.info())
    drawn = [control.cut(response) for response in raw]
    frame, cut = _frame(drawn, tokenizer, with_tool=turns is not None), cut_counts(raw, drawn, tokenizer)
    calls = {} if context.settings.tool is None else call_counts(context.settings.tool, drawn, tokenizer)
    if _is_plain(sampling):
        frame = _with_logps(context, frame, drawn, requests, tokenizer)
    about = {"reason": choice.reason, "merged": merged, "sampling": asdict(sampling), "canary": canary} | info
    spelled_out = _spelled_out(examples, frame["text"], tokenizer)
    write_generations(context.folder, frame, {**about, "stops": stops.as_json(), CUT: cut, "spelled_out": spelled_out})
    engine_facts = {"engine": info["engine"], "version": info["version"], "stops": [str(stop) for stop in stops.tokens]}
    tokens = sum(response.drawn_tokens for response in raw)
    return Result(tokens, {"responses": len(frame), **engine_facts, **calls, CUT: cut})


def _stops(context: Context, tokenizer: Any) -> Stops:
    """Those that the plan found; EOS and the recipe's own where it had nothing to look at."""
    planned, ids = context.run.stops, context.settings.stop_token_ids
    stops = (
        named_stops(context.settings.generate.stop_tokens, tokenizer) if planned is None else Stops.from_json(planned)
    )
    if ids is not None and sorted(ids) != sorted(stops.ids):
        raise RuntimeError(f"{context.spec.key}: planned with the stop ids {ids}, found {stops.ids}")
    return stops


def _spelled_out(examples: Sequence[Example], responses: Iterable[str], tokenizer: Any) -> dict[str, int]:
    """How many prompts and responses hold a control token as text, which a tokenizer that reads them takes for one.

    Nothing is cut there: `</s>` is HTML, too.
    """
    control = spelled(tokenizer)
    prompts = (any(control.search(turn.content) for turn in example.prompt) for example in examples)
    return {"prompts": sum(prompts), "responses": sum(control.search(text) is not None for text in responses)}


def _requests(context: Context, examples: Sequence[Example], tokenizer: Any) -> list[GenerationRequest]:
    section = context.settings.generate
    prompts = encode_prompts(examples, tokenizer, context.tokenization())
    by_id = dict(zip((example.id for example in examples), prompts, strict=True))
    settings = context.settings
    return make_requests(by_id, seed=settings.seed, samples=section.num_samples, turn=settings.turn)


def _choice(context: Context, folder: Path, settings: EngineSettings, sampling: Sampling) -> EngineChoice:
    shape = shape_of_folder(folder, trust_remote_code=settings.trust_remote_code)
    engine = context.settings.generate.engine
    return choose(engine, shapes=[shape], device=settings.device, sampling=[sampling])


def _draw(
    context: Context,
    engine: Engine,
    requests: Sequence[GenerationRequest],
    sampling: Sampling,
    turns: ToolTurns | None,
) -> list[Generation]:
    """Every response, in the order of the requests.

    Raises:
        Interrupted: the stage was asked to stop; generation starts over next time.
    """
    parts = chunks(requests, _part_size(context, len(requests), engine, turns))
    responses: dict[tuple[str, int], Generation] = {}
    tokens = 0

    def draw(number: int) -> list[Generation]:
        return draw_turns(engine, turns, parts[number], sampling)

    for number, drawn in context.ranks.in_turns(range(len(parts)), draw, context.should_stop):
        for response in drawn:
            responses[response.example, response.sample] = response
            tokens += response.drawn_tokens
        context.report({"step": number + 1, "steps": len(parts), "tokens": tokens})
    return [responses[request.example, request.sample] for request in requests]


def _part_size(context: Context, count: int, engine: Engine, turns: ToolTurns | None) -> int:
    """Requests of a part; never so that a response is drawn beside others than in one process.

    transformers makes batches of the requests in their canonical order, so parts may be as small as a batch where there
    would be fewer parts than processes. What vLLM has at once, and who still writes in a later turn, is that of a part.
    """
    size, ranks = int(context.settings.generate.max_num_seqs), context.ranks
    if engine.info().engine != "transformers" or turns is not None:
        return BATCHES_AT_A_TIME * size
    return size * min(BATCHES_AT_A_TIME, max(1, -(-count // size) // ranks.world))


def _frame(drawn: Sequence[Generation], tokenizer: Any, *, with_tool: bool) -> pd.DataFrame:
    rows = [
        {
            "example": response.example,
            "sample": response.sample,
            "text": tokenizer.decode(list(response.tokens), skip_special_tokens=True).strip(),
            "tokens": list(response.tokens),
            "finish": response.finish,
            "end": response.end,
            "logp_sum": None,
            "ref_logp_sum": None,
            **({"observed": [*map(list, response.observed)]} if with_tool else {}),
        }
        for response in drawn
    ]
    return pd.DataFrame(rows)


def _is_plain(sampling: Sampling) -> bool:
    """Drawn from the policy's own distribution, which alone gives a KL."""
    filters = (sampling.temperature, sampling.top_p, sampling.top_k, sampling.min_p, sampling.repetition_penalty)
    return filters == (1.0, 1.0, 0, 0.0, 1.0)


def _with_logps(
    context: Context,
    frame: pd.DataFrame,
    drawn: Sequence[Generation],
    requests: Sequence[GenerationRequest],
    tokenizer: Any,
) -> pd.DataFrame:
    """Log-probabilities of the responses under the policy and the reference, by the training stack, never the engine.

    The token that ended a response is scored with it.
    """
    examples = []
    for place, (request, response) in enumerate(zip(requests, drawn, strict=True)):
        drawn_tokens = [*response.tokens, *([] if response.end is None else [response.end])]
        candidate = drawn_candidate(request.prompt, drawn_tokens, response.observed)
        examples.append(TokenizedExample(str(place), (candidate,), identical=False, columns={}))
    columns = {"logp_sum": _sums(context, "policy", examples, tokenizer)}
    if "reference" in context.spec.inputs:
        columns["ref_logp_sum"] = _sums(context, "reference", examples, tokenizer)
    return frame.assign(**columns)


def _sums(context: Context, name: str, examples: Sequence[TokenizedExample], tokenizer: Any) -> list[float]:
    if name in context.spec.inputs:
        model = load.load_trained(context.input(name) / "model", context.model_spec(), trainable=False)
    else:
        model = load.build_base(context.model_spec(), tokenizer, seed=context.settings.base_seed)
    model = model.to(context.device).eval()
    load.set_precision(model, getattr(torch, context.settings.generate.dtype))
    sums = [0.0] * len(examples)
    score = partial(token_logps, model, dtype=torch.float32)
    layout = policy_layout(model)
    for _, part, logps in score_examples(context, examples, score, pad=tokenizer.pad_token_id, layout=layout):
        rows = logps.token.double().sum(dim=-1)
        for row, example in zip(rows[:, 0].tolist(), part, strict=True):
            sums[int(example.id)] = row
    return sums
