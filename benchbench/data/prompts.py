"""Prompts alone as token ids, as an engine is given them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.data.encode import Encoder
from benchbench.data.render import renderer
from benchbench.data.serial import prompt_hash
from benchbench.recipe.schema import TokenizationSection

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def first_prompts(examples: Iterable[Example], count: int | None) -> list[Example]:
    """The first `count` examples with a prompt of their own, in their order; none takes all.

    A prompt that is there again is left out: its responses would count twice, as if they were independent.
    """
    by_prompt: dict[str, Example] = {}
    for example in examples:
        if count is not None and len(by_prompt) == count:
            break
        by_prompt.setdefault(prompt_hash(example.prompt), example)
    return list(by_prompt.values())


def encode_prompts(
    examples: Sequence[Example],
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    folder: Path = Path(),
) -> list[tuple[int, ...]]:
    """The token ids of each example's prompt, up to where the response begins; the very ids that are scored before it.

    Args:
        examples: of one split.
        tokenizer: a fast one.
        section: template, and whether BOS is put in front (exactly once).
        folder: of the recipe file, for `chat_template`.

    Raises:
        BenchError: no template, or no BOS token.
    """
    encoder = Encoder.of(tokenizer, add_bos=section.add_bos, append_eos=False)
    render = renderer(section, tokenizer, folder=folder)
    encoded = encoder.encode([render(example.prompt, ()) for example in examples])
    return [tuple(row.prompt) for row in encoded]


def answered_prompts(
    examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, section: TokenizationSection, *, where: str
) -> list[tuple[Example, tuple[int, ...]]]:
    """The examples whose prompts are not longer than `max_prompt_length`, with the ids of each; nothing trains on more.

    Args:
        examples: of one split.
        tokenizer: a fast one.
        section: of the stage, with the place of its chat template.
        where: title of the stage, for messages.

    Raises:
        BenchError: none is left; as `encode_prompts`.
    """
    most = section.max_prompt_length
    encoded = zip(examples, encode_prompts(examples, tokenizer, section), strict=True)
    prompts = [(example, tokens) for example, tokens in encoded if most is None or len(tokens) <= most]
    if not prompts:
        raise BenchError(
            f"{where}: expected prompts of at most max_prompt_length {most} tokens, found none among "
            f"{len(examples)}; raise tokenization.max_prompt_length"
        )
    return prompts
