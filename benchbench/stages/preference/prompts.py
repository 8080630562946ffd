"""Prompts that are answered while a policy is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchbench.core.data_ref import DataRef
from benchbench.core.example import Message
from benchbench.data.column_shape import columns_of
from benchbench.data.prompts import answered_prompts
from benchbench.data.tokenized import TokenizationReport, Tokenized, TokenizedCandidate, TokenizedExample
from benchbench.stages.context import StageContext

TOO_LONG = "prompt longer than max_prompt_length"
"""Why a prompt is left out."""


@dataclass(frozen=True)
class PolicyPrompt:
    """One prompt, up to where a response begins."""

    example: str
    """Id of its example."""
    tokens: tuple[int, ...]
    messages: tuple[Message, ...]
    columns: Mapping[str, float | str]
    """Numbers and texts that the data have of the example, one each; those of its candidates are not among them."""


def read_prompts(context: StageContext[Any], tokenizer: Any, data: DataRef | None = None) -> list[PolicyPrompt]:
    """The prompts of a split that are not longer than the recipe's `max_prompt_length`.

    Args:
        context: of the stage.
        tokenizer: the stage's own.
        data: the split; none for that of the stage.

    Raises:
        BenchError: none is left.
    """
    section, examples = context.tokenization(), context.examples(data)
    return [
        PolicyPrompt(example.id, tokens, example.prompt, _of_the_example(columns_of(example)))
        for example, tokens in answered_prompts(examples, tokenizer, section, where=context.spec.title)
    ]


def as_rows(prompts: Sequence[PolicyPrompt], read: int) -> Tokenized:
    """The prompts in the place of a split's rows, each token of a prompt after its first scored.

    Args:
        prompts: those that are answered.
        read: how many there were before the longest were left out.
    """
    examples = [
        TokenizedExample(prompt.example, (TokenizedCandidate(prompt.tokens, (1, len(prompt.tokens))),), False, {})
        for prompt in prompts
    ]
    dropped = {TOO_LONG: read - len(prompts)} if read > len(prompts) else {}
    return Tokenized(examples, TokenizationReport(examples_read=read, examples=len(prompts), dropped=dropped))


def _of_the_example(columns: Mapping[str, Any]) -> dict[str, float | str]:
    return {name: value for name, value in columns.items() if not isinstance(value, tuple)}
