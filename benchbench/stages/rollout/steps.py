"""Steps of responses for searches: drawn by an engine, scored by the training stack, valued by the prompts' source."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from benchbench.batches.padded import collate
from benchbench.core.generation import Engine, Generation, GenerationRequest, Sampling
from benchbench.core.rollout import RolloutResponse
from benchbench.core.search import Children, Continuation, Expansion, Prefix, SearchPrompt, tokens_of
from benchbench.core.source import StepState, StepValues
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.generation.seeds import draw_seed
from benchbench.models.logps import token_logps

Logps = Callable[[Sequence[tuple[tuple[int, ...], tuple[int, ...]]]], Sequence[float]]
"""(what stands before, what is scored) of each step -> sum of log-probabilities of what is scored, in nats."""


class StepEnds(NamedTuple):
    """Tokens that end a step."""

    separators: frozenset[int]
    """After which the text goes on."""
    stops: frozenset[int]
    """Which end the text."""

    def state(self, drawn: Generation) -> StepState:
        """What a step is, by the token that ended it."""
        if drawn.finish != "stop":
            return "cut"
        return "ended" if drawn.end in self.stops else "open"


@dataclass
class StepDrawer:
    """Answers what the searches of several prompts ask for, all at once."""

    engine: Engine
    sampling: Sampling
    """Of one step; it stops at separators, too."""
    samples: int
    """Continuations that are drawn of each prefix; those that are alike are one."""
    ends: StepEnds
    cut: Callable[[Generation], Generation]
    """Cuts a response at a control token."""
    values: StepValues
    source: str
    """The sampler's arm."""
    seed: int
    tokenizer: Any
    logps: Logps | None
    """None where no search reads log-probabilities."""
    drawn: dict[str, int] = field(default_factory=dict)
    """Example -> continuations that were drawn for it so far."""
    tokens: dict[str, int] = field(default_factory=dict)
    """Example -> tokens of these, without those that ended a step."""

    def children(self, wanted: Sequence[tuple[SearchPrompt, Expansion]]) -> list[Children]:
        """For each search the children of the prefixes that it asks for."""
        places = [(prompt, *each) for prompt, expansion in wanted for each in zip(*expansion, strict=True)]
        requests = [request for place in places for request in self._requests(*place)]
        answers = iter([self.cut(answer) for answer in self.engine.generate(requests, self.sampling)])
        steps = [self._different(prompt, [next(answers) for _ in range(self.samples)]) for prompt, *_ in places]
        scored = self._with_logps([(prompt, prefix) for prompt, prefix, _ in places], steps)
        valued = iter(
            [(step, self._value(prompt, prefix, step, state)) for step, state in of_place]
            for (prompt, prefix, _), of_place in zip(places, scored, strict=True)
        )
        return [[next(valued) for _ in expansion.prefixes] for _, expansion in wanted]

    def _requests(self, prompt: SearchPrompt, prefix: Prefix, name: str) -> list[GenerationRequest]:
        before, where = (*prompt.tokens, *tokens_of(prefix)), f"rollout r{prompt.round} {name}"
        return [
            GenerationRequest(prompt.example, k, before, draw_seed(self.seed, where, prompt.example, k))
            for k in range(self.samples)
        ]

    def _different(self, prompt: SearchPrompt, answers: Sequence[Generation]) -> list[tuple[Continuation, StepState]]:
        """Each different continuation once, in the order in which they were first drawn."""
        example = prompt.example
        self.drawn[example] = self.drawn.get(example, 0) + len(answers)
        self.tokens[example] = self.tokens.get(example, 0) + sum(len(answer.tokens) for answer in answers)
        steps: dict[tuple[tuple[int, ...], int | None], tuple[Continuation, StepState]] = {}
        for answer in answers:
            state = self.ends.state(answer)
            end = None if state == "cut" else answer.end
            response = RolloutResponse(answer.tokens, end, answer.finish, self.source, "")
            response = response._replace(text=self._text(response.scored))
            steps.setdefault((answer.tokens, end), (Continuation(response, math.nan, state != "open"), state))
        return [*steps.values()]

    def _with_logps(
        self, places: Sequence[tuple[SearchPrompt, Prefix]], steps: Sequence[list[tuple[Continuation, StepState]]]
    ) -> Sequence[list[tuple[Continuation, StepState]]]:
        if self.logps is None:
            return steps
        before = [(*prompt.tokens, *tokens_of(prefix)) for prompt, prefix in places]
        rows = [(b, step.response.scored) for b, of_place in zip(before, steps, strict=True) for step, _ in of_place]
        logps = iter(self.logps(rows))
        return [[(step._replace(logp=next(logps)), state) for step, state in of_place] for of_place in steps]

    def _value(self, prompt: SearchPrompt, prefix: Prefix, step: Continuation, state: StepState) -> float:
        return self.values.value(prompt.messages, self._text(tokens_of((*prefix, step))), state)

    def _text(self, tokens: Sequence[int]) -> str:
        return self.tokenizer.decode(list(tokens), skip_special_tokens=True).strip()


@dataclass(frozen=True)
class StepScorer:
    """Log-probabilities of steps under the policy that draws them, by the training stack and never by an engine."""

    model: Any
    """In eval mode on the device."""
    device: torch.device
    pad: int
    batch: int
    """Steps at once."""

    def __call__(self, rows: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
        """Sum of the log-probabilities of what is scored in each row, in nats; 0 where nothing is."""
        order = sorted(range(len(rows)), key=lambda i: -len(rows[i][0]) - len(rows[i][1]))
        logps = [0.0] * len(rows)
        for start in range(0, len(order), self.batch):
            part = order[start : start + self.batch]
            batch = collate([_row(*rows[i]) for i in part], pad=self.pad, device=self.device, allow_empty=True)
            with torch.no_grad():
                scored = token_logps(self.model, batch)
            sums = torch.where(scored.response, scored.token, 0.0).double().sum(-1)[:, 0].cpu().tolist()
            for i, total in zip(part, sums, strict=True):
                logps[i] = total
        return logps


def _row(before: tuple[int, ...], scored: tuple[int, ...]) -> TokenizedExample:
    ids = (*before, *scored)
    candidate = TokenizedCandidate(ids, (len(before), len(ids)), empty=not scored)
    return TokenizedExample("", (candidate,), identical=False, columns={})
