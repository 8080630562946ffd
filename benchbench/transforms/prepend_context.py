"""A context, such as a criterion or an instruction, put before every prompt.

The text is the same for all examples, or chosen by a column of numbers: `texts` says which text each value stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, number_of, with_text_before_prompts


@dataclass(frozen=True)
class Options:
    """The context, and where it stands.

    Raises:
        ValueError: neither a text nor a column with texts, or both.
    """

    text: str | None = None
    """The context of every example."""
    column: str | None = None
    """Column with a number per example that chooses the context, instead of `text`."""
    texts: dict[str, str] = field(default_factory=dict)
    """Value of that column, as text (`"0"`, `"1"`) -> context; an empty context adds nothing."""
    role: Literal["system", "user"] = "system"
    """In the system message, or before the first turn of the user."""

    def __post_init__(self) -> None:
        if (self.text is None) == (self.column is None):
            raise ValueError("text: expected exactly one of text and column")
        if (self.column is None) != (not self.texts):
            raise ValueError("texts: expected together with column, and only then")
        for value in self.texts:
            if not _is_number(value):
                raise ValueError(f"texts: expected numbers as keys, got '{value}'")


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with its context; those whose value has none are dropped; the seed is not read."""
    texts = {float(value): text for value, text in options.texts.items()}

    def rule(example: Example) -> Sequence[Example] | str:
        text = options.text if options.column is None else texts.get(number_of(example, options.column))
        if text is None:
            return f"no text for the value of '{options.column}'"
        return [with_text_before_prompts(example, text, options.role) if text else example]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="prepend_context",
    options=Options,
    apply=apply,
    version=2,
    reads=lambda options: () if options.column is None else (Column(options.column, missing="keep"),),
    paper=Paper(
        "Pitis et al.",
        2024,
        arxiv="2407.14916",
        title="Improving Context-Aware Preference Modeling for Language Models",
    ),
)
