"""Turns of responses that are drawn: one, or as many as a tool may be called, and one more.

An engine draws each turn by itself: the prompt with everything behind it goes through the model again before it.
Counted is a response that calls as often as it may, each turn and each observation as long as it may be.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchbench import samplers, sources
from benchbench.core.identity import restore
from benchbench.cost.passes import PassWork
from benchbench.generation.tool_turns import most_tokens
from benchbench.recipe.binding import bind
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.rollout.settings import RolloutSettings
from benchbench.stages.settings import ToolSettings


@dataclass(frozen=True)
class Turns:
    """The turns of a response."""

    count: int
    new_tokens: int
    """Tokens that the policy writes in a turn, at most."""
    response_tokens: int
    """Tokens of a response at most, with what the tool writes."""

    @property
    def drawn(self) -> int:
        """Tokens of a response that the policy writes, at most."""
        return self.count * self.new_tokens

    def starts(self, prompt: float) -> list[float]:
        """Tokens before each turn, at most.

        Args:
            prompt: tokens of the prompt.
        """
        calls = self.count - 1
        step = (self.response_tokens - self.new_tokens) / max(1, calls)
        return [prompt + turn * step for turn in range(self.count)]

    def length(self, prompt: float) -> float:
        """Tokens that a sequence has on average while a token of it is drawn."""
        return sum(self.starts(prompt)) / self.count + self.new_tokens / 2

    def prefill(self, prompt: float, responses: float) -> PassWork:
        """What goes through the model before the turns of so many responses; a token reads half of it on average."""
        starts = self.starts(prompt)
        total = sum(starts)
        context = sum(start * start for start in starts) / 2 / total if total else 0.0
        return PassWork(total * responses, self.count * responses, context)


def turns_of(settings: GenerateSettings | RolloutSettings) -> Turns | None:
    """The turns of what a stage draws; none where it draws nothing.

    Args:
        settings: of the stage.
    """
    drawing = settings.generate if isinstance(settings, GenerateSettings) else settings.draw
    if drawing is None:
        return None
    return turns_with(settings.tool, 0 if settings.tool is None else _calls(settings), drawing.max_new_tokens)


def turns_with(settings: ToolSettings | None, calls: int, new_tokens: int) -> Turns:
    """The turns of a response that calls a tool so often, at most; one where it calls none.

    Args:
        settings: which tool; none for none.
        calls: that are answered.
        new_tokens: of a turn, at most.
    """
    tool = None if settings is None else sources.get(settings.source).tool
    if tool is None:
        return Turns(1, new_tokens, new_tokens)
    return Turns(calls + 1, new_tokens, most_tokens(tool, calls, new_tokens))


def _calls(settings: GenerateSettings | RolloutSettings) -> int:
    """Calls of a response that are answered, at most."""
    if isinstance(settings, GenerateSettings):
        return settings.generate.tool_calls
    sampler = samplers.get(settings.sampler.name)
    assert sampler.tool_use is not None
    options, faults = bind(sampler.options, restore(sampler.options, settings.sampler.options), where="sampler")
    assert not faults, faults
    return sampler.tool_use(options).calls
