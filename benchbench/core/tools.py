"""Tools that a policy may call in the middle of a response: what a call is, and what is written behind it.

A response is then made of turns. The policy writes up to the token that ends a call, the tool writes its observation
behind it, and the policy goes on after both; what the policy wrote is its action, what the tool wrote is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """A tool that the examples of a source call; it reads texts and writes texts."""

    option: str
    """The source's option under which its examples call it."""
    call_end: str
    """The text of the token that ends a call."""
    answer: Callable[[str], str | None]
    """What the policy wrote since the last observation, the end of the call with it -> the observation; none for what
    is no call that the tool can answer."""
    error: str
    """The observation behind such a call."""
    most_tokens: int
    """Tokens of an observation at most; the error stands in the place of a longer one."""
    version: int = 1
    """Raised by hand when an observation changes."""


@dataclass(frozen=True)
class ToolUse:
    """How a sampler lets its policy call a tool."""

    calls: int
    """Calls of a response that are answered, at most, >= 1; a response that calls once more is cut there."""
    mask_observations: bool
    """Whether observations are left out of what training scores."""
