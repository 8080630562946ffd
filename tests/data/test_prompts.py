"""Prompts as an engine is given them: the very ids that are scored before a response."""

from __future__ import annotations

import pytest

from benchbench.core.example import Example, Message
from benchbench.data.prompts import encode_prompts
from benchbench.data.tokenize import tokenize_examples
from benchbench.recipe.schema import TokenizationSection

from .tokenizers import CHATML, bytes_with, marks, plain, words

EXAMPLES = [
    Example("a", (Message("user", "the cat"),), ("sat", "ran")),
    Example("b", (Message("user", "mat"),), ("on",)),
]


def section(**changes) -> TokenizationSection:
    values = {"add_bos": False, "append_eos": True, "max_length": 64, "truncation": "error", **changes}
    return TokenizationSection.model_validate(values)


@pytest.mark.parametrize(
    ("tokenizer", "changes"),
    [
        (words(), {"template": marks()}),
        (bytes_with(bos_token="<s>"), {"template": plain(), "add_bos": True}),
        (bytes_with(chat_template=CHATML), {}),
    ],
)
def test_the_prompt_is_what_stands_before_the_scored_tokens(tokenizer, changes):
    made = section(**changes)
    prompts = encode_prompts(EXAMPLES, tokenizer, made)
    scored = tokenize_examples(EXAMPLES, tokenizer, made, on_empty="drop").examples
    rows = [one.candidates[0] for one in scored]
    assert prompts == [tuple(row.tokens[: row.response[0]]) for row in rows]


def test_bos_stands_exactly_once():
    tokenizer = bytes_with(bos_token="<s>")
    for prompt in encode_prompts(EXAMPLES, tokenizer, section(template=plain(), add_bos=True)):
        assert prompt.count(tokenizer.bos_token_id) == 1 and prompt[0] == tokenizer.bos_token_id


def test_a_decoded_prompt_is_the_template_text():
    tokenizer = bytes_with()
    (first, _) = encode_prompts(EXAMPLES, tokenizer, section(template=plain()))
    assert tokenizer.decode(list(first)) == "the cat"
