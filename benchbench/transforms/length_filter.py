"""Examples whose texts are too short or too long are left out.

Lengths are of texts, so the filter is the same for every tokenizer; the recipe's `max_length` counts tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand


@dataclass(frozen=True)
class Options:
    """Bounds, both ends included; none is no bound.

    Raises:
        ValueError: a bound below 0, or bounds that leave nothing.
    """

    unit: Literal["words", "characters"] = "words"
    """What is counted; words are what white space separates."""
    min_response: int = 0
    """Every candidate has at least so many."""
    max_response: int | None = None
    """Every candidate has at most so many."""
    max_prompt: int | None = None
    """All turns of the prompt, or of a candidate's own, together have at most so many."""

    def __post_init__(self) -> None:
        for name in ("min_response", "max_response", "max_prompt"):
            bound = getattr(self, name)
            if bound is not None and bound < 0:
                raise ValueError(f"{name}: expected a number of {self.unit} of at least 0, got {bound}")
        if self.max_response is not None and self.max_response < self.min_response:
            raise ValueError(
                f"max_response: expected at least min_response ({self.min_response}), got {self.max_response}"
            )


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The examples inside all bounds; the seed is not read."""

    def length(text: str) -> int:
        return len(text.split()) if options.unit == "words" else len(text)

    def rule(example: Example) -> Sequence[Example] | str:
        responses = [length(candidate) for candidate in example.candidates]
        if min(responses) < options.min_response:
            return "response too short"
        if options.max_response is not None and max(responses) > options.max_response:
            return "response too long"
        prompts = [
            sum(length(turn.content) for turn in prompt) for prompt in (example.prompt, *(example.prompts or ()))
        ]
        return "prompt too long" if options.max_prompt is not None and max(prompts) > options.max_prompt else [example]

    return expand(examples, rule)


TRANSFORM = Transform(name="length_filter", options=Options, apply=apply, version=2)
