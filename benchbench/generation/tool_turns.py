"""Responses of several turns: an engine draws up to the end of a call, the tool answers, and the engine goes on.

Each turn is drawn with a seed of its own, which follows from that of the response, so that neither order nor batch nor
what other responses do matters to it. The first turn is drawn with the response's own seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.generation import Decoding, Generation, GenerationRequest, Sampling
from benchbench.core.seeding import torch_seed
from benchbench.core.tools import Tool
from benchbench.generation.stops import separator_ids


@dataclass(frozen=True, eq=False)
class ToolTurns:
    """Draws responses whose policy may call a tool.

    Raises:
        BenchError: the end of a call is no token of the tokenizer, or does not stand alone before an observation.
    """

    tool: Tool
    calls: int
    """Calls of a response that are answered, at most."""
    tokenizer: Any
    cut: Callable[[Generation], Generation]
    """Cuts a turn at a control token, behind which nothing goes on."""
    ends: frozenset[int] = field(init=False)
    """Tokens that end a call."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", separator_ids(self.tokenizer, self.tool.call_end))
        if not self.ends:
            raise BenchError(
                f"tool: calls end in '{self.tool.call_end}', which is no single token of this tokenizer, so no call "
                "would; choose another tokenizer"
            )
        if not self._tokens(self.tool.error):
            raise BenchError(f"tool: expected tokens for the observation '{self.tool.error}', found none")

    def of_turn(self, sampling: Sampling) -> Sampling:
        """How a turn is drawn: as a whole response is, up to the end of a call."""
        return replace(sampling, stop_token_ids=tuple(sorted({*sampling.stop_token_ids, *self.ends})))

    def room(self, sampling: Sampling) -> int:
        """Tokens of a response at most: its turns, the ends of its calls, and its observations."""
        return most_tokens(self.tool, self.calls, sampling.max_new_tokens)

    def generate(self, engine: Decoding, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        """One generation per request, in their order.

        Args:
            engine: with a model loaded.
            requests: of whole responses.
            sampling: of whole responses; its `max_new_tokens` is that of a turn.

        Raises:
            BenchError: a prompt, with the turns behind it, that does not leave room for another turn.
        """
        of_turn = self.of_turn(sampling)
        responses = [Generation(request.example, request.sample, (), "length") for request in requests]
        going_on = list(range(len(requests)))
        for turn in range(self.calls + 1):
            if not going_on:
                break
            asking = [_behind(requests[i], responses[i], turn) for i in going_on]
            drawn = dict(zip(going_on, engine.generate(asking, of_turn), strict=True))
            calling = [i for i in going_on if self._calls(drawn[i], sampling)]
            for i in going_on:
                responses[i] = _joined(responses[i], drawn[i], is_call=i in calling)
            going_on = calling if turn < self.calls else []
            for i in going_on:
                responses[i] = self._answered(responses[i], drawn[i])
        return responses

    def _calls(self, turn: Generation, sampling: Sampling) -> bool:
        """Whether a turn ends in a call; one with a control token in it does not."""
        ends = self.ends - {*sampling.stop_token_ids}
        return turn.finish == "stop" and turn.end in ends and self.cut(turn).finish == turn.finish

    def _answered(self, response: Generation, turn: Generation) -> Generation:
        """The response with the observation behind its last turn, which ended in a call."""
        assert turn.end is not None
        call = self.tokenizer.decode([*turn.tokens, turn.end], skip_special_tokens=True).strip()
        text = self.tool.answer(call)
        tokens = self._tokens(self.tool.error if text is None else text)
        if len(tokens) > self.tool.most_tokens:
            tokens = self._tokens(self.tool.error)
        start = len(response.tokens)
        ranges = (*response.observed, (start, start + len(tokens)))
        return replace(response, tokens=(*response.tokens, *tokens), observed=ranges)

    def _tokens(self, observation: str) -> tuple[int, ...]:
        return observation_tokens(self.tokenizer, self.tool, observation)


def draw_turns(
    engine: Decoding, turns: ToolTurns | None, requests: Sequence[GenerationRequest], sampling: Sampling
) -> list[Generation]:
    """What an engine draws with the turns of a tool, or by itself where there is none."""
    return engine.generate(requests, sampling) if turns is None else turns.generate(engine, requests, sampling)


def most_tokens(tool: Tool, calls: int, max_new_tokens: int) -> int:
    """Tokens of a response with so many calls, each turn of so many tokens, at most."""
    return (calls + 1) * max_new_tokens + calls * (1 + tool.most_tokens)


def observation_tokens(tokenizer: Any, tool: Tool, observation: str) -> tuple[int, ...]:
    """The tokens of an observation as they stand behind the end of a call in a text.

    Raises:
        BenchError: the end of a call is written otherwise before an observation.
    """
    end = tokenizer.encode(tool.call_end, add_special_tokens=False)
    whole = tokenizer.encode(f"{tool.call_end} {observation}", add_special_tokens=False)
    if whole[: len(end)] != end:
        raise BenchError(
            f"tool: expected '{tool.call_end}' to be the same tokens with and without an observation behind it, found "
            f"{end} and {whole}; choose another tokenizer"
        )
    return tuple(whole[len(end) :])


def _behind(request: GenerationRequest, response: Generation, turn: int) -> GenerationRequest:
    """What is asked of the engine at a turn, from 0."""
    if turn == 0:
        return request
    seed = torch_seed(request.seed, f"tool turn {turn + 1}")
    return replace(request, prompt=(*request.prompt, *response.tokens), seed=seed)


def _joined(response: Generation, turn: Generation, *, is_call: bool) -> Generation:
    """The response with a turn behind it; a call has no end, since something follows, or the response is cut there."""
    if is_call:
        assert turn.end is not None
        return replace(response, tokens=(*response.tokens, *turn.tokens, turn.end), finish="length", end=None)
    return replace(response, tokens=(*response.tokens, *turn.tokens), finish=turn.finish, end=turn.end)
