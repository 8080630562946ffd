"""Decoded ids: each slip on a tokenizer that makes it."""

from __future__ import annotations

from pathlib import Path

from benchbench.core.example import Example, Message
from benchbench.data.decoded_checks import Reader
from benchbench.data.encode import Encoded, Encoder
from benchbench.data.encoded_examples import EncodedExample, encode_examples
from benchbench.data.render import Rendered, renderer

from .tokenizers import CHATML, bytes_with, plain, section, words


def slips(prompt: str, response: str, tokenizer=None, **changes) -> set[str]:
    tokenizer, settings = tokenizer or bytes_with(), section(**changes)
    encoder = Encoder.of(tokenizer, add_bos=settings.add_bos, append_eos=settings.append_eos)
    example = Example("e", (Message("user", prompt),), (response,))
    render = renderer(settings, tokenizer, folder=Path())
    (encoded,) = encode_examples([example], encoder, render)
    return set(Reader.of(tokenizer, settings).slips(encoded))


def test_a_clean_sequence_has_none():
    assert slips("why?", "since") == set()
    assert slips("why?", "") == set(), "an empty response ends all the same"


def test_without_eos_a_response_does_not_end_unless_the_template_ends_the_turn():
    assert slips("why?", "since", append_eos=False) == {"missing_eos"}
    chat = bytes_with()
    chat.chat_template = CHATML
    assert slips("why?", "since", chat, template=None, append_eos=False) == set()


def test_eos_in_a_text_is_inside_or_doubled():
    assert "eos_inside" in slips("why?", "since<|endoftext|>then")
    assert "doubled_eos" in slips("why?", "since<|endoftext|><|endoftext|>")


def test_bos_twice_is_seen_where_the_template_writes_one_more():
    tokenizer = bytes_with(bos_token="<s>")
    assert slips("why?", "since", tokenizer, template=plain(), add_bos=True) == set()
    assert slips("<s><s>why?", "since", tokenizer, template=plain(), add_bos=True) == {"doubled_bos"}
    assert slips("<s> <s>why?", "since", tokenizer, template=plain(), add_bos=True) == {"doubled_bos"}


def test_a_tokenizer_that_lacks_characters_changes_the_text():
    assert slips("the cat", "a dog ran") == set()
    assert "changed_text" in slips("the cat", "a zebra ran", words())


def test_ids_that_are_divided_elsewhere_than_the_template_are_a_fault_of_the_boundary():
    tokenizer, settings = bytes_with(), section()
    reader = Reader.of(tokenizer, settings)

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    rendered = Rendered("ask: ", ("answer one",))
    example = Example("e", (Message("user", "ask"),), ("answer one",))
    eos = [tokenizer.eos_token_id]
    divided = {
        "right": Encoded(ids("ask: "), (ids("answer one") + eos,), 0, 0),
        "late": Encoded(ids("ask: answer"), (ids(" one") + eos,), 0, 0),
        "other": Encoded(ids("ask: "), (ids("answer two") + eos,), 0, 0),
    }
    slips_by_place = {
        name: list(reader.slips(EncodedExample(example, [rendered], [part], [{}]))) for name, part in divided.items()
    }
    assert slips_by_place == {"right": [], "late": ["prompt_boundary"], "other": ["changed_text"]}
