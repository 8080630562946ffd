"""Where templates end an assistant's turn, found by rendering."""

from __future__ import annotations

import pytest

from benchbench.data.turn_end import closing_token, control_tokens, turn_end, writes_no_turn_end
from benchbench.recipe.schema import PlainTemplate

from .tokenizers import CHATML, bytes_with, marks, section, words

LOOP, HEAD = "{% for m in messages %}", "<|im_start|>{{ m['role'] }}\n"
PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
ASSISTANT = "{% if m['role'] == 'assistant' %}"
TEXT = "{{ m['content'] }}"
AT_EOS = f"{LOOP}{ASSISTANT} {TEXT} <|endoftext|>{{% else %}}[Q] {TEXT} [A]{{% endif %}}{{% endfor %}}"
BETWEEN = f"{LOOP}{HEAD}{TEXT}{{% if not loop.last %}}<|im_end|>\n{{% endif %}}{{% endfor %}}{PROMPT}"
BOTH = BETWEEN.replace("{% if not loop.last %}", "{% if loop.last and not add_generation_prompt %}<s>{% else %}")
WORDS = f"{LOOP}{TEXT}\n### End\n{{% endfor %}}"
THINKING = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>{% endif %}")
ONE_TURN = "{% if messages|length > 2 %}{{ raise_exception('one turn') }}{% endif %}" + CHATML


def names(tokenizer, ids) -> list[str]:
    return [control_tokens(tokenizer)[i] for i in ids]


@pytest.mark.parametrize(
    ("template", "stops"),
    [
        (CHATML, ["<|im_end|>"]),
        (CHATML.replace("<|im_end|>", " \n<|im_end|>"), ["<|im_end|>"]),
        (AT_EOS, ["<|endoftext|>"]),
        (BETWEEN, ["<|im_end|>"]),
        (BOTH, ["<s>", "<|im_end|>"]),
        (THINKING, ["<|im_end|>"]),
        (ONE_TURN, ["<|im_end|>"]),
    ],
    ids=["chatml", "after white space", "at EOS", "between turns alone", "two ends", "thinking", "one turn"],
)
def test_the_token_that_ends_a_turn_is_found(template: str, stops: list[str]):
    tokenizer = bytes_with(chat_template=template)
    found = turn_end(section(template=None), tokenizer)
    assert names(tokenizer, found.tokens) == stops and found.text == ""


@pytest.mark.parametrize(
    ("template", "token"),
    [(CHATML, "<|im_end|>"), (AT_EOS, "<|endoftext|>"), (BOTH, "<s>"), (BETWEEN, None), (WORDS, None)],
    ids=["chatml", "at EOS", "two ends", "between turns alone", "words"],
)
def test_what_closes_a_conversation_may_be_no_token(template: str, token: str | None):
    """A template that closes a turn only when another follows leaves the last answer open."""
    tokenizer = bytes_with(chat_template=template)
    closing = closing_token(section(template=None), tokenizer)
    assert (None if closing is None else control_tokens(tokenizer)[closing]) == token


def test_a_turn_that_ends_in_words_has_no_token():
    found = turn_end(section(template=None), bytes_with(chat_template=WORDS))
    assert found.tokens == () and found.text == "### End"


def test_an_added_token_need_not_be_special_and_added_white_space_is_white_space():
    """The tokenizer of Pythia has runs of spaces as added tokens."""
    tokenizer = bytes_with(chat_template=CHATML.replace("<|im_end|>", "\n\n\n<|mine|>"))
    tokenizer.add_tokens(["\n\n\n", "<|mine|>"])
    found = turn_end(section(template=None), tokenizer)
    assert names(tokenizer, found.tokens) == ["<|mine|>"]


@pytest.mark.parametrize(
    ("assistant", "stops", "text"),
    [
        ("<|im_start|>{content}<|im_end|>\n", ["<|im_end|>"], ""),
        ("{content}", [], ""),
        ("A: {content}\n", [], ""),
        ("A: {content} END\n", [], "END"),
    ],
)
def test_of_a_plain_template_it_is_what_follows_the_content(assistant: str, stops: list[str], text: str):
    tokenizer = bytes_with()
    given = section(template=PlainTemplate(user="Q: {content}\n", assistant=assistant))
    found = turn_end(given, tokenizer)
    assert (names(tokenizer, found.tokens), found.text) == (stops, text)
    assert writes_no_turn_end(given) == (not stops and not text)


def test_the_tokens_between_two_turns_are_known():
    chat, plain = bytes_with(chat_template=CHATML), words()
    assert set(names(chat, turn_end(section(template=None), chat).between)) == {"<|im_start|>", "<|im_end|>"}
    assert set(names(plain, turn_end(section(template=marks()), plain).between)) == {"<|user|>"}
