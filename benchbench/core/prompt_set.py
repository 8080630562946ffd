"""A prompt set: what a file asks of every model, in the file's order, with what its official tool knows a row by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchbench.core.example import Message


@dataclass(frozen=True)
class Prompt:
    """One row of a prompt set."""

    id: str
    """Unique within the set; the official one where the format has one."""
    messages: tuple[Message, ...]
    """What the first response answers."""
    second: str | None = None
    """The user's second turn, asked after the first response; none where there is one turn."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What else the row says of itself, such as `dataset` and `category`."""
    response: str | None = None
    """The file's own response, which others may be compared with, such as the `output` of AlpacaEval's baseline."""


@dataclass(frozen=True)
class PromptSet:
    """A whole prompt file.

    Raises:
        ValueError: no prompt at all, or an id that two prompts have.
    """

    format: str
    """`alpaca_eval`, `arena_hard`, `mt_bench`, `own`, or `split` for the prompts of a setting's own split."""
    prompts: tuple[Prompt, ...]

    def __post_init__(self) -> None:
        ids = [prompt.id for prompt in self.prompts]
        if not ids:
            raise ValueError("prompt set: expected prompts, found none")
        if len(set(ids)) < len(ids):
            raise ValueError("prompt set: an id is given twice")

    @property
    def has_responses(self) -> bool:
        """Whether every prompt comes with a response."""
        return all(prompt.response is not None for prompt in self.prompts)

    @property
    def turns(self) -> int:
        """Responses that each prompt asks for."""
        return 2 if any(prompt.second is not None for prompt in self.prompts) else 1
