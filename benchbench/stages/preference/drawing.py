"""Draws of the policy as it is: groups of responses from models in memory, each draw under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from benchbench.core.generation import Generation, GenerationRequest, Sampling
from benchbench.core.rollout import Group, RolloutResponse
from benchbench.core.sampler import Arm
from benchbench.generation.control import ControlTokens
from benchbench.generation.decode import decode, decode_mixture
from benchbench.generation.requests import canonical_order
from benchbench.generation.seeds import draw_seed
from benchbench.generation.tool_turns import ToolTurns, draw_turns
from benchbench.models.logps import unwrap
from benchbench.stages.preference.prompts import PolicyPrompt

DRAWN_AT_ONCE = 256
"""Responses of one batch; part of what a draw is, since a batch's neighbours move the last digits of its logits."""


@dataclass(frozen=True)
class Drawer:
    """How groups are drawn."""

    models: Mapping[str, Any]
    """Name of each model that an arm draws from -> it; the policy changes from step to step."""
    arms: tuple[Arm, ...]
    sampling: Sampling
    control: ControlTokens
    tokenizer: Any
    device: torch.device
    seed: int
    bf16: bool
    """Autocast, as in training."""
    turns: ToolTurns | None = None
    """How a response calls a tool; none where it calls none."""

    @property
    def longest(self) -> int:
        """Tokens of a response at most, with what a tool writes."""
        return self.sampling.max_new_tokens if self.turns is None else self.turns.room(self.sampling)

    @property
    def samples(self) -> int:
        """Responses to each prompt."""
        return sum(arm.samples for arm in self.arms)

    def groups(self, prompts: Sequence[PolicyPrompt], batch: int) -> list[Group]:
        """One group for each prompt, in their order.

        Args:
            prompts: of one optimizer step.
            batch: number of the step among those whose prompts are drawn, from 0; the name of the draws.
        """
        responses: list[list[RolloutResponse]] = [[] for _ in prompts]
        first = 0
        for arm in self.arms:
            requests = [
                GenerationRequest(
                    p.example, sample, p.tokens, draw_seed(self.seed, f"rollout s{batch}", p.example, sample)
                )
                for p in prompts
                for sample in range(first, first + arm.samples)
            ]
            for place, drawn in enumerate(self._drawn(arm, requests)):
                responses[place // arm.samples].append(self._response(drawn, arm.source))
            first += arm.samples
        return [
            Group(prompt.example, 1, prompt.tokens, prompt.messages, tuple(row), columns=prompt.columns)
            for prompt, row in zip(prompts, responses, strict=True)
        ]

    def _drawn(self, arm: Arm, requests: Sequence[GenerationRequest]) -> list[Generation]:
        """One generation per request, in their order, cut at control tokens."""
        models = [self.models[name] for name in arm.mixture]
        modes = [model.training for model in models]
        for model in models:
            model.eval()
        order, drawn = canonical_order(requests), dict[int, Generation]()
        try:
            with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
                for start in range(0, len(order), DRAWN_AT_ONCE):
                    part = order[start : start + DRAWN_AT_ONCE]
                    decoding = _Decoding(tuple((self.models[n], w) for n, w in arm.mixture.items()), self.device)
                    answers = draw_turns(decoding, self.turns, [requests[i] for i in part], self.sampling)
                    drawn |= dict(zip(part, answers, strict=True))
        finally:
            for model, was_training in zip(models, modes, strict=True):
                model.train(was_training)
        return [self.control.cut(drawn[i]) for i in range(len(requests))]

    def _response(self, drawn: Generation, source: str) -> RolloutResponse:
        text = self.tokenizer.decode(list(drawn.tokens), skip_special_tokens=True).strip()
        end = drawn.end if drawn.finish == "stop" else None  # what cut a response is no end to be taught
        return RolloutResponse(drawn.tokens, end, drawn.finish, source, text, drawn.observed)


@dataclass(frozen=True)
class _Decoding:
    """Decodes one batch with the models of an arm, each with its weight."""

    weighted: tuple[tuple[Any, float], ...]
    device: torch.device

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        """One generation per request; of a mixture each token is drawn from the weighted sum of log-probabilities."""
        models = [(unwrap(model), weight) for model, weight in self.weighted]
        if len(models) == 1:
            return decode(models[0][0], requests, sampling, device=self.device)
        return decode_mixture(models, requests, sampling, device=self.device)
