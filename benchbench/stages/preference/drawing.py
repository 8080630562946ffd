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
                    answers = self._decoded(arm, [requests[i] for i in part])
                    drawn |= dict(zip(part, answers, strict=True))
        finally:
            for model, was_training in zip(models, modes, strict=True):
                model.train(was_training)
        return [self.control.cut(drawn[i]) for i in range(len(requests))]

    def _decoded(self, arm: Arm, requests: Sequence[GenerationRequest]) -> list[Generation]:
        """One batch; of a mixture each next token is drawn from the weighted sum of its models' log-probabilities."""
        weighted = [(unwrap(self.models[name]), weight) for name, weight in arm.mixture.items()]
        if len(weighted) == 1:
            return decode(weighted[0][0], requests, self.sampling, device=self.device)
        return decode_mixture(weighted, requests, self.sampling, device=self.device)

    def _response(self, drawn: Generation, source: str) -> RolloutResponse:
        text = self.tokenizer.decode(list(drawn.tokens), skip_special_tokens=True).strip()
        end = drawn.end if drawn.finish == "stop" else None  # what cut a response is no end to be taught
        return RolloutResponse(drawn.tokens, end, drawn.finish, source, text)
