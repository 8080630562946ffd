"""Messages as text: plain templates, chat templates, files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.data.render import render, template_text
from benchbench.recipe.schema import PlainTemplate

from .tokenizers import CHATML, bytes_with, section

CHAT = [Message("system", " be kind "), Message("user", "hi\n"), Message("assistant", "yes?"), Message("user", "how")]
TULU = PlainTemplate(
    system="<|system|>\n{content}\n\n",
    user="<|user|>\n{content}\n\n",
    assistant="<|assistant|>\n{content}\n\n",
    generation_prompt="<|assistant|>\n",
)


def rendered(*candidates, messages=CHAT, tokenizer=None, folder=Path(), **changes):
    return render(messages, candidates, section(**changes), tokenizer or bytes_with(), folder=folder)


def test_a_plain_template_goes_round_every_turn():
    prompt, responses = rendered("  good\n", "bad", template=TULU)
    assert prompt == ("<|system|>\nbe kind\n\n<|user|>\nhi\n\n<|assistant|>\nyes?\n\n<|user|>\nhow\n\n<|assistant|>\n")
    assert responses == ("good", "bad")


def test_without_strip_white_space_stays():
    prompt, responses = rendered(" good\n", template=TULU.model_copy(update={"strip": False}))
    assert "<|user|>\nhi\n\n\n<|assistant|>" in prompt and responses == (" good\n",)


def test_braces_in_a_text_are_text():
    prompt, responses = rendered("{content} {0}", messages=[Message("user", "{content} \\1 {x}")], template=TULU)
    assert prompt == "<|user|>\n{content} \\1 {x}\n\n<|assistant|>\n" and responses == ("{content} {0}",)


def test_generation_needs_no_candidate():
    assert rendered(template=TULU).responses == ()
    assert rendered(template=TULU).prompt == rendered("x", template=TULU).prompt


def test_the_tokenizers_own_chat_template():
    tokenizer = bytes_with()
    tokenizer.chat_template = CHATML
    prompt, responses = rendered("good", "", messages=CHAT[1:2], tokenizer=tokenizer, template=None)
    assert prompt == "<|im_start|>user\nhi\n<|im_end|>\n<|im_start|>assistant\n"
    assert responses == ("good<|im_end|>\n", "<|im_end|>\n")


def test_a_chat_template_from_a_file_replaces_the_tokenizers_own(tmp_path):
    (tmp_path / "my.jinja").write_text(CHATML.replace("im_", "my_"))
    tokenizer = bytes_with()
    tokenizer.chat_template = CHATML
    prompt, _ = rendered("x", tokenizer=tokenizer, template=None, chat_template="my.jinja", folder=tmp_path)
    assert prompt.startswith("<|my_start|>system\n be kind <|my_end|>")


def test_what_identifies_a_template(tmp_path):
    (tmp_path / "my.jinja").write_text("{{ messages }}")
    tokenizer = bytes_with()
    tokenizer.chat_template = CHATML
    assert template_text(section(template=None), tokenizer, folder=tmp_path) == CHATML
    from_file = section(template=None, chat_template="my.jinja")
    assert template_text(from_file, tokenizer, folder=tmp_path) == "{{ messages }}"
    assert "<|system|>" in template_text(section(template=TULU), tokenizer, folder=tmp_path)


def test_no_template_at_all_is_explained():
    with pytest.raises(BenchError, match="expected a template, for the tokenizer has no single chat template"):
        rendered("x", template=None)


def test_a_missing_template_file_is_named(tmp_path):
    with pytest.raises(BenchError, match=r"tokenization\.chat_template: .*nowhere\.jinja cannot be read"):
        rendered("x", template=None, chat_template="nowhere.jinja", folder=tmp_path)


def test_a_template_whose_prompt_is_no_prefix_is_refused():
    tokenizer = bytes_with()
    tokenizer.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(BenchError, match="expected the prompt with its generation prompt to begin the whole"):
        rendered("x", tokenizer=tokenizer, template=None)


def test_a_template_that_refuses_a_conversation_says_why():
    tokenizer = bytes_with()
    tokenizer.chat_template = "{{ raise_exception('no system turn, please') }}"
    with pytest.raises(BenchError, match="chat template: it refuses a conversation .*no system turn, please"):
        rendered("x", tokenizer=tokenizer, template=None)


TODAY = "{{ strftime_now('%d %b %Y') }}\n" + CHATML


def test_a_template_that_writes_todays_date_takes_the_one_of_the_recipe():
    """Else the same recipe gives other token ids on another day, and nothing says so."""
    tokenizer = bytes_with()
    tokenizer.chat_template = TODAY
    prompt, responses = rendered(
        "a", messages=CHAT[1:2], tokenizer=tokenizer, template=None, template_date="2024-07-26"
    )
    assert prompt.startswith("26 Jul 2024\n<|im_start|>") and responses == ("a<|im_end|>\n",)
    with pytest.raises(BenchError, match=r"tokenization\.template_date: required, not given: the chat template writes"):
        rendered("a", messages=CHAT[1:2], tokenizer=tokenizer, template=None)


def test_a_date_that_no_template_reads_is_refused():
    tokenizer = bytes_with()
    tokenizer.chat_template = CHATML
    for template in (None, TULU):
        with pytest.raises(BenchError, match=r"tokenization\.template_date: not read by"):
            rendered("a", messages=CHAT[1:2], tokenizer=tokenizer, template=template, template_date="2024-07-26")


@pytest.mark.parametrize(
    ("prompt", "response"), [("Is rain wet? Yes,", " it is."), ("Is rain wet?\n", "Yes."), ("Is rain wet?", "\nYes.")]
)
def test_a_template_that_would_join_two_words_is_refused(prompt, response):
    bare = PlainTemplate(user="{content}", assistant="{content}")
    turns = [Message("user", prompt)]
    with pytest.raises(BenchError, match="set strip: false, or a generation_prompt"):
        render(turns, [response], section(template=bare), None, folder=Path())
    kept = section(template=bare.model_copy(update={"strip": False}))
    whole = render(turns, [response], kept, None, folder=Path())
    assert whole.prompt + whole.responses[0] == prompt + response
    between = bare.model_copy(update={"user": "{content}\n"})
    assert render(turns, [response], section(template=between), None, folder=Path()).responses == (response.strip(),)
    assert render([Message("user", "a")], ["b"], section(template=bare), None, folder=Path()) == ("a", ("b",))
